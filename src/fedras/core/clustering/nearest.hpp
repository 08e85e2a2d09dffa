// The nearest centroid of each row.
//
// |x - c|^2 is smallest where the score x.c - |c|^2 / 2 is largest: a product of matrices, and then the
// largest of each row. Where there are few centroids they would leave most lanes of a vector empty, so
// that rows go side by side instead.
#pragma once

#include "clustering/panels.hpp"

namespace fedras {

constexpr i64 FEW = LANES;  // of so many centroids `take_over_few` finds the nearest faster

// float32[k, d] as panels whose products are scores: they start from -|c|^2 / 2.
Panels lay_out(Matrix<const f32> centroids);

// Assign each row to its nearest centroid, the first of equals, if that improves its score. Centroids are
// numbered from `offset`; the score is NOBODY where there is none so far.
void take_over(Matrix<const f32> x, const Panels& centroids, i32 offset, Span<f32> score,
               Span<i32> assignment);

// The same on all threads.
void all_take_over(Matrix<const f32> x, const Panels& centroids, i32 offset, Span<f32> score,
                   Span<i32> assignment);

// The same with the same bits for a few centroids, numbered from 0, and rows laid out as `Panels`.
void take_over_few(const Panels& x, Matrix<const f32> centroids, Span<f32> score, Span<i32> assignment);

// Each row's nearest of float32[k, d], on all threads.
void all_nearest(Matrix<const f32> x, Matrix<const f32> centroids, Span<i32> assignment);

// How far each row is from its centroid, squared, on all threads; exactly zero where they are equal.
void squared_distances(Matrix<const f32> x, Matrix<const f32> centroids, Span<const i32> assignment,
                       Span<f32> apart);

// The largest absolute value, NaN where there is one.
f32 largest_size(Matrix<const f32> x);

}  // namespace fedras
