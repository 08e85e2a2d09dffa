// Tables of whole numbers, from text.
#pragma once

#include "common/view.hpp"

namespace fedras {

// Fill the table; return the number of rows before the first that has another form: whole numbers of
// at most 18 digits, `separator` between two, and a newline, with or without a return, at the end.
i64 parse(Span<const u8> text, Span<const u8> separator, Matrix<i64> table);

}  // namespace fedras
