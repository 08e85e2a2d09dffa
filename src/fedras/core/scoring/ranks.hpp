// Ranks of held-out items among all items, and the items that come first.
#pragma once

#include "common/view.hpp"

namespace fedras {

// How many candidates do not score below each held-out item. No candidates are these and the items
// `seen`, which score -infinity afterwards. `own` is memory for the scores of the held-out items.
void rank(Span<f32> scores, Span<const i32> held_out, Span<const i32> seen, std::vector<f32>& own,
          i64* ranks);

// The items of the largest scores, the largest first, of equals the first item; -1 where fewer than
// there is room for score more than -infinity; NaN does not.
void list_first(Span<const f32> scores, Span<i32> list, std::vector<f32>& best);

}  // namespace fedras
