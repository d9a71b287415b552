// The allocations of nn/ and arch/models/llama.cc in their order, as sums.
#include "train/pass_memory.h"

#include <algorithm>
#include <array>

#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "kernels/lora.h"

namespace relatum::train {
namespace {

// Bytes in use and the most there were.
struct Level {
  int64_t now = 0, peak = 0;
  void take(int64_t bytes) {
    now += bytes;
    brief(0);
  }
  void brief(int64_t bytes) { peak = std::max(peak, now + bytes); }  // given back at once
  void add(const Level& next) {
    peak = std::max(peak, now + next.peak);
    now += next.now;
  }
};

// A layer's linears in the order of Model::linears().
enum Role { kQkv, kOutput, kGateUp, kDown, kRoles };

class Pass {
 public:
  Pass(const arch::Model& model, const nn::LoraSet* adapter, DType compute, const PassSize& size,
       bool training)
      : info_(model.info()), head_(*model.head()), compute_(compute), size_(size),
        training_(training), c_(int64_t(size_of(compute))) {
    const auto linears = model.linears();
    for (size_t i = 0; i < linears.size(); ++i) {
      const size_t role = i % kRoles;
      if (i < kRoles) linears_[role] = linears[i];
      const nn::LoraGroup* pairs = adapter ? adapter->of(*linears[i]) : nullptr;
      if (!pairs) continue;
      ranks_[role] = std::max(ranks_[role], pairs->a.rows);  // layers' may differ
      drops_[role] = drops_[role] || (training && pairs->dropout > 0);
    }
    all_ = rows(size.tokens);
    chosen_ = rows(size.predicting);
    q_ = info_.heads * info_.head_size;
    kv_ = info_.kv_heads * info_.head_size;
  }

  // A layer's forward pass; its last rows are those asked for, or all.
  Level layer(bool last) const {
    const int64_t d = info_.width, f = info_.ffn_width, r = last ? chosen_ : all_;
    Level level;
    level.take(c_ * all_ * d + 4 * all_);
    product(level, kQkv, c_, all_);
    level.take(c_ * all_ * q_ + 4 * all_ * info_.heads);
    level.brief(size_.forward_scratch);
    if (last && r != all_) level.take(c_ * r * q_ + 4 * r * d);
    product(level, kOutput, 4, r);
    level.take(c_ * r * d + 4 * r);
    product(level, kGateUp, c_, r);
    level.take(c_ * r * f);
    product(level, kDown, 4, r);
    return level;
  }

  // What a layer's backward pass adds: the gradients of its values.
  Level layer_back(bool last) const {
    const int64_t d = info_.width, f = info_.ffn_width, r = last ? chosen_ : all_;
    Level level;
    product_back(level, kDown, r);
    level.take(c_ * r * 2 * f);
    product_back(level, kGateUp, r);
    product_back(level, kOutput, r);
    if (last && r != all_) level.take(c_ * all_ * q_ + 4 * all_ * d);
    level.take(c_ * all_ * (q_ + 2 * kv_));
    level.brief(8 * all_ * kv_ + size_.backward_scratch);
    product_back(level, kQkv, all_);
    return level;
  }

  // Logits of a chunk of rows, as nn/loss.cc cuts them, and their gradient.
  int64_t loss() const {
    constexpr int64_t kChunkLogits = int64_t{256} * 49152;
    const int64_t v = std::max<int64_t>(1, info_.vocabulary);
    const int64_t chunk = std::max<int64_t>(1, kChunkLogits / v);
    const int64_t r = rows(std::min(chunk, size_.predicting));
    const int64_t weight = c_ * head_.in() * head_.out();
    const int64_t forward = head_.resident_bytes() ? 0 : weight;
    return 4 * r * v + (training_ ? c_ * r * v + 8 * r + forward : forward);
  }

  int64_t angles() const { return 4 * size_.tokens * info_.head_size; }
  int64_t all_wide() const { return 4 * all_ * info_.width; }
  int64_t chosen_wide() const { return 4 * chosen_ * info_.width; }
  int64_t chosen_narrow() const { return c_ * chosen_ * info_.width; }

 private:
  static int64_t rows(int64_t count) { return kernels::rounded_rows(count); }
  bool fused(Role role) const {
    return compute_ == DType::kBF16 && kernels::has_lora_kernels(ranks_[role]);
  }
  // Kept weights were decoded and packed before the first pass.
  int64_t decoded(const nn::Linear& linear) const {
    return linear.resident_bytes() ? 0 : c_ * linear.in() * linear.out();
  }

  // The output, in values of `bytes`, and what the adapter keeps.
  void product(Level& level, Role role, int64_t bytes, int64_t r) const {
    const nn::Linear& linear = *linears_[role];
    level.take(bytes * r * linear.out());
    level.brief(decoded(linear));
    level.take(c_ * r * ranks_[role]);
    if (!drops_[role]) return;
    if (fused(role)) {
      level.take(4 * r * kernels::kept_words(linear.in()));
    } else {
      level.brief(c_ * r * linear.in());
    }
  }

  // The input's gradient, and for a while the output's in the compute type, decoded weights, or
  // what the adapter's products work in.
  void product_back(Level& level, Role role, int64_t r) const {
    const nn::Linear& linear = *linears_[role];
    const bool residual = role == kOutput || role == kDown;
    const int64_t narrow = residual && compute_ != DType::kF32 ? c_ * r * linear.out() : 0;
    int64_t adapter = c_ * r * ranks_[role];
    if (fused(role)) adapter += 4 * rows((r + 1) / 2) * ranks_[role];
    if (!fused(role) && drops_[role]) adapter += 2 * c_ * r * linear.in();
    level.take(c_ * r * linear.in());
    level.brief(narrow + std::max(decoded(linear), adapter));
  }

  const arch::ModelInfo& info_;
  const nn::Linear& head_;
  std::array<const nn::Linear*, kRoles> linears_{};
  std::array<int64_t, kRoles> ranks_{};
  std::array<bool, kRoles> drops_{};
  DType compute_;
  PassSize size_;
  bool training_;
  int64_t c_, all_ = 0, chosen_ = 0, q_ = 0, kv_ = 0;
};

kernels::AttentionShape shape_of(const arch::ModelInfo& info) {
  return {info.heads, info.kv_heads, info.head_size, 1.0f};
}

int64_t scratch(const kernels::AttentionPlan& plan, const arch::ModelInfo& info, bool backward) {
  return 4 * kernels::attention_scratch_size(plan, shape_of(info), backward);
}

}  // namespace

PassSize size_of_pass(const arch::ModelInfo& info, const nn::TokenBatch& batch,
                      int64_t predicting) {
  const auto plan = batch.plan();
  return {batch.size(), predicting, scratch(plan, info, false), scratch(plan, info, true)};
}

PassSize size_of_rows(const arch::ModelInfo& info, int64_t tokens, int64_t longest) {
  const kernels::AttentionSpan span{0, longest};
  const kernels::AttentionGroup group{.begin = 0, .count = longest, .span_count = 1};
  const kernels::AttentionPlan plan{{&group, 1}, {&span, 1}};
  return {tokens, tokens, scratch(plan, info, false), 0};
}

int64_t training_arena(const arch::Model& model, const nn::LoraSet* adapter, DType compute,
                       bool checkpoint, const PassSize& size) {
  const Pass pass(model, adapter, compute, size, true);
  const bool chosen = size.predicting != size.tokens;  // the last layer then stands by itself
  const int64_t others = model.info().layers - (chosen ? 1 : 0);
  const Level forward = pass.layer(false), backward = pass.layer_back(false);
  Level level;
  level.take(pass.all_wide() + pass.angles());
  for (int64_t i = 0; i < others; ++i) {
    if (checkpoint) {
      level.take(pass.all_wide());
      level.brief(forward.peak);
    } else {
      level.add(forward);
    }
  }
  if (chosen) level.add(pass.layer(true));
  level.take(2 * pass.chosen_narrow());  // final states and their gradient
  level.brief(pass.loss());
  level.take(pass.chosen_wide());
  if (chosen) level.add(pass.layer_back(true));
  if (others == 0) return level.peak;
  if (checkpoint) level.brief(forward.now + backward.peak);
  level.brief(checkpoint ? forward.peak : backward.peak);
  return level.peak;
}

int64_t scoring_arena(const arch::Model& model, const nn::LoraSet* adapter, DType compute,
                      const PassSize& size) {
  const Pass pass(model, adapter, compute, size, false);
  Level level;
  level.take(pass.angles() + pass.all_wide() +
             (size.predicting != size.tokens ? pass.chosen_wide() : 0));
  level.brief(pass.layer(false).peak);
  level.take(pass.chosen_narrow());
  level.brief(pass.loss());
  return level.peak;
}

}  // namespace relatum::train
