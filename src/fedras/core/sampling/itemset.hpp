// A set of item indices: open addressing in a plain array.
#pragma once

#include <algorithm>

#include "common/random.hpp"

namespace fedras {

class ItemSet {
 public:
  // Make it an empty set that stays at most half full with `capacity` members.
  void clear(i64 capacity) {
    i64 size = 8;
    while (size < 2 * capacity) size *= 2;
    members_.assign(size_t(size), FREE);
  }

  bool contains(i32 item) const { return members_[slot(item)] == item; }

  // Add an item; return whether it is new.
  bool add(i32 item) {
    i32& member = members_[slot(item)];
    if (member == item) return false;
    member = item;
    return true;
  }

 private:
  static constexpr i32 FREE = -1;

  // Where an item is, or the free slot where it belongs.
  size_t slot(i32 item) const {
    const size_t mask = members_.size() - 1;
    size_t slot = size_t((u64(item) * GOLDEN) >> 32) & mask;
    while (members_[slot] != FREE && members_[slot] != item) slot = (slot + 1) & mask;
    return slot;
  }

  std::vector<i32> members_;
};

}  // namespace fedras
