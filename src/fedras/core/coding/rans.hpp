// Entropy coding by asymmetric numeral systems, byte by byte (rANS) [1, 2].
//
// The last symbol is encoded first and decoded last; so bytes are written from the end of a buffer
// towards its beginning. Only integers take part: every platform writes the same bytes.
//
// Each symbol waits for the one before, so a processor is idle most of the time that it codes one
// stream. Here are many, of which LANES take turns, symbol by symbol; nothing branches on what comes
// out, which could not be predicted.
//
// [1] J. Duda, Asymmetric numeral systems, arXiv:1311.2540, 2013.
// [2] F. Giesen, Interleaved entropy coders, arXiv:1402.3392, 2014.
#pragma once

#include "common/octets.hpp"

namespace fedras::rans {

// The largest alphabet: a symbol's frequency is a multiple of 1 / 65,536, and none is 0.
constexpr i64 MOST_SYMBOLS = 1 << 14;
constexpr u32 SCALE = 1 << 16;
// The state before the first symbol, and the lowest that any has.
constexpr u32 START = 1 << 23;
constexpr i64 STATE_BYTES = 4;
constexpr i64 LANES = 4;

// The state of a stream that is written, and where its bytes begin so far.
struct Writer {
  u8* at;
  u32 state = START;
};

// The state of a stream that is read, and where in `data` its next byte is. A stream that is not what
// it seems ends beyond its bytes, or before them: see `ended`.
struct Reader {
  Octets data;
  i64 at = 0;
  u32 state = 0;

  bool ended() const { return at == data.n && state == START; }
};

// Symbols with the bounds of their shares (`cumulate`).
template <class Symbol>
struct Put {
  Span<const Symbol> symbols;
  const u32* bounds;
  i64 k;
  Writer writer;
};
template <class Symbol>
struct Take {
  Span<Symbol> symbols;
  const u32* bounds;
  i64 k;
  Reader reader;
};

// Write the k + 1 bounds of the symbols' shares of 65,536, after k weights >= 0 below 2^46; k > 0.
// Each share is at least 1; what rounding leaves over goes to the largest weight.
void cumulate(Span<const i64> weights, u32* bounds);

// Encode the symbols of each stream, last one first; 2 bytes of room for each.
void put_all(Span<Put<u8>> streams);
void put_all(Span<Put<i32>> streams);

// Write the state in 4 bytes, which `start` reads.
void finish(Writer& writer);

// Read a state; whether it is one. Only then may symbols be taken.
bool start(Reader& reader);

// Decode as many symbols as each stream has room for.
void take_all(Span<Take<u8>> streams);
void take_all(Span<Take<i32>> streams);

}  // namespace fedras::rans
