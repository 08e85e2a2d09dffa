// K-means of a large matrix, on all threads.
//
// It starts from twice as many centres as are wanted, drawn in a few rounds by k-means||, of which Ward's
// agglomeration leaves the wanted number. That takes a few products of large matrices instead of one pass
// over the rows for each centre, and Lloyd's algorithm has little left to do: its inertia is lower than
// from k-means++, by a tenth on the updates of a federation.
//
// With very many centres the rows are first divided into cells, each of which is clustered by itself.
#pragma once

#include "common/view.hpp"

namespace fedras {

constexpr i64 CELL = 512;    // centres of a cell on average; so many and up to twice as many need no cells
constexpr i64 SAMPLE = 128;  // with more rows per centre a sample of so many decides where the centres are

// Cluster float32[n, d], n and d positive and all of it finite, into at most k <= n groups: write the
// centroids to float32[k, d] and each row's group to int32[n]; return how many groups there are. The
// iterations end when no more than one row in ten changes its group: what follows lowers the inertia by
// less than a hundredth.
i64 cluster_large(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 cell, Matrix<f32> centroids,
                  Span<i32> assignment);

// The same as a whole; first a sample of it, if there are very many rows.
i64 flat(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 sample, Matrix<f32> centroids,
         Span<i32> assignment);

// The same cell by cell. A cell's share of the first centres is its share of the inertia. The merges that
// are made are the cheapest of all cells, so a cell keeps as many centres as are worth most there.
i64 in_cells(Matrix<const f32> x, i64 k, i64 iterations, u64 key, i64 cell, Matrix<f32> centroids,
             Span<i32> assignment);

}  // namespace fedras
