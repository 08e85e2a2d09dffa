// Which instructions there are beyond those of every x86-64 processor.
#pragma once

namespace fedras {

// AVX2, FMA, BMI and what else every processor with these has: the build `avx2` takes them for granted.
bool has_avx2();

// AVX-512 on top of that, and nobody has asked for another instruction set (`FEDRAS_CORE`).
bool may_use_avx512();

}  // namespace fedras
