// The parts that each file of kernels/isa fills in, declared once per instruction set.
#pragma once

#include "kernels/isa/table.h"

namespace relatum::kernels::RELATUM_ISA {

template <class T>
void fill_rows(TypedTable<T>& t);
template <class T>
void fill_activations(TypedTable<T>& t);
template <class T>
void fill_attention(TypedTable<T>& t);
template <class T>
void fill_bias_gradient(TypedTable<T>& t);
/// Attention for t.n == 1.
template <class T>
void attend_one(const AttentionTask<T>& t, float* scratch);
template <class T>
void fill_columns(TypedTable<T>& t);
template <class T>
void fill_hadamard(TypedTable<T>& t);
template <class T>
void fill_loss(TypedTable<T>& t);
void fill_sums(Table& t);
void fill_dropout(Table& t);
void fill_blocks(Table& t);
void fill_float_blocks(Table& t);
void fill_integers(Table& t);
// Those of the sets that extend one.
void fill_vnni_blocks(Table& t);
void fill_vnni_integers(Table& t);
void fill_lora(Table& t);
void fill_attention_bf16(Table& t);
void fill_attention_backward_bf16(Table& t);

}  // namespace relatum::kernels::RELATUM_ISA
