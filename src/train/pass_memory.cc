// The allocations of nn/, arch/decoder.cc, arch/encoder.cc and arch/models/t5.cc in their order, as
// sums.
#include "train/pass_memory.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <vector>

#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "kernels/lora.h"
#include "train/pass_level.h"

namespace relatum::train {
namespace {

// A layer's linears; the decoder's behind an encoder have all of them.
enum Role { kQkv, kOutput, kCrossQ, kCrossKv, kCrossOutput, kUp, kDown, kRoles };
constexpr std::array kPlain{kQkv, kOutput, kUp, kDown};
constexpr std::array kCrossed{kQkv, kOutput, kCrossQ, kCrossKv, kCrossOutput, kUp, kDown};

// What all layers of a pass have in common.
struct Setting {
  const arch::ModelInfo& info;
  const nn::LoraSet* adapter;
  DType compute;
  bool training;
};

int64_t rows(int64_t count) { return kernels::rounded_rows(count); }

// Equal layers over the same rows.
class Stack {
 public:
  // linears: of all its layers, in the order of `roles`.
  Stack(const Setting& setting, std::span<const nn::Linear* const> linears,
        std::span<const Role> roles, const PassSize& size)
      : info_(setting.info), compute_(setting.compute), training_(setting.training), size_(size),
        c_(int64_t(size_of(setting.compute))), layers_(int64_t(linears.size() / roles.size())) {
    for (size_t i = 0; i < linears.size(); ++i) {
      const size_t role = roles[i % roles.size()];
      if (i < roles.size()) linears_[role] = linears[i];
      const nn::LoraGroup* pairs = setting.adapter ? setting.adapter->of(*linears[i]) : nullptr;
      if (!pairs) continue;
      ranks_[role] = std::max(ranks_[role], pairs->a.rows);  // layers' may differ
      drops_[role] = drops_[role] || (setting.training && pairs->dropout > 0);
      scales_[role] = scales_[role] || pairs->scaled();
      twins_[role] = twins_[role] || pairs->frozen;
    }
    all_ = rows(size.tokens);
    chosen_ = rows(size.predicting);
    sources_ = rows(size.sources);
    q_ = info_.heads * info_.head_size;
    kv_ = info_.kv_heads * info_.head_size;
  }

  int64_t layers() const { return layers_; }
  // The last layer goes on with some rows alone.
  bool chooses() const { return size_.predicting != size_.tokens; }

  // A layer's forward pass; its last rows are those asked for, or all.
  Level layer(bool last) const {
    if (!info_.causal) return encoder_layer(last);
    const int64_t d = info_.width, r = last ? chosen_ : all_;
    Level level;
    level.take(c_ * all_ * d + 4 * all_);
    product(level, kQkv, c_, all_);
    // Without a backward pass they are normed in place.
    if (info_.head_norms && training_) {
      level.take(c_ * all_ * (q_ + 2 * kv_) + 4 * all_ * (info_.heads + info_.kv_heads));
    }
    attention(level);
    if (crossed()) {
      product(level, kOutput, 4, all_);
      level.take(c_ * all_ * d + 4 * all_);
      product(level, kCrossQ, c_, all_);
      if (compute_ != DType::kF32) level.take(c_ * sources_ * d);
      product(level, kCrossKv, c_, sources_);
      attention(level);
    }
    if (last && r != all_) level.take(c_ * r * q_ + 4 * r * d);
    const int64_t behind = info_.norms_behind ? 4 * r * (d + 1) : 0;  // with what is added to it
    product(level, crossed() ? kCrossOutput : kOutput, 4, r);
    level.take(behind);
    level.take(c_ * r * d + 4 * r);
    product(level, kUp, c_, r);
    level.take(c_ * r * info_.ffn_width);
    product(level, kDown, 4, r);
    level.take(behind);
    return level;
  }

  // What a layer's backward pass adds: the gradients of its values.
  Level layer_back(bool last) const {
    if (!info_.causal) return encoder_layer_back(last);
    const int64_t d = info_.width, r = last ? chosen_ : all_;
    Level level;
    const int64_t behind = info_.norms_behind ? 4 * r * d : 0;  // what goes into a norm
    level.take(behind);
    product_back(level, kDown, r);
    level.take(c_ * r * linears_[kUp]->out());
    product_back(level, kUp, r);
    level.take(behind);
    product_back(level, crossed() ? kCrossOutput : kOutput, r);
    if (last && r != all_) level.take(c_ * all_ * q_ + 4 * all_ * d);
    if (crossed()) {
      level.take(c_ * (all_ * q_ + sources_ * 2 * kv_));
      level.brief(8 * sources_ * kv_ + size_.backward_scratch);
      product_back(level, kCrossKv, sources_);
      product_back(level, kCrossQ, all_);
      product_back(level, kOutput, all_);
    }
    level.take(c_ * all_ * (q_ + 2 * kv_));
    level.brief(8 * all_ * kv_ + size_.backward_scratch);
    if (info_.head_norms) level.take(c_ * all_ * (q_ + 2 * kv_));
    product_back(level, kQkv, all_);
    return level;
  }

  int64_t all_wide() const { return 4 * all_ * info_.width; }
  int64_t chosen_wide() const { return 4 * chosen_ * info_.width; }
  int64_t chosen_narrow() const { return c_ * chosen_ * info_.width; }

 private:
  // BERT's: a norm behind attention and MLP each, whose f32 is converted for the next product.
  Level encoder_layer(bool last) const {
    const int64_t d = info_.width, r = last ? chosen_ : all_;
    Level level;
    level.take(narrow(all_ * d));
    product(level, kQkv, c_, all_);
    attention(level);
    if (last && r != all_) level.take(c_ * r * q_ + 4 * r * d);
    product(level, kOutput, 4, r);
    level.take(4 * r * (d + 2) + narrow(r * d));
    product(level, kUp, c_, r);
    level.take(c_ * r * info_.ffn_width);
    product(level, kDown, 4, r);
    level.take(4 * r * (d + 2));
    return level;
  }
  // With the network's own dropout, whose gradient is a matrix of its own.
  Level encoder_layer_back(bool last) const {
    const int64_t d = info_.width, r = last ? chosen_ : all_;
    Level level;
    level.take(2 * 4 * r * d);
    product_back(level, kDown, r);
    level.take(c_ * r * info_.ffn_width);
    product_back(level, kUp, r);
    level.brief(4 * r * d);
    level.take(2 * 4 * r * d);
    product_back(level, kOutput, r);
    if (last && r != all_) level.take(c_ * all_ * q_ + 4 * all_ * d);
    level.take(c_ * all_ * 3 * q_);
    level.brief(8 * all_ * kv_ + size_.backward_scratch);
    product_back(level, kQkv, all_);
    level.brief(4 * all_ * d);
    return level;
  }
  // Of so many values in the compute type, where that is not f32, which needs no copy.
  int64_t narrow(int64_t values) const { return compute_ == DType::kF32 ? 0 : c_ * values; }
  bool crossed() const { return linears_[kCrossQ] != nullptr; }
  bool fused(Role role) const {
    return compute_ == DType::kBF16 && kernels::has_lora_kernels(ranks_[role]);
  }
  // Kept weights were decoded and packed before the first pass.
  int64_t decoded(const nn::Linear& linear) const {
    return linear.decodes() ? c_ * linear.in() * linear.out() : 0;
  }
  void attention(Level& level) const {
    level.take(c_ * all_ * q_ + 4 * all_ * info_.heads);
    level.brief(size_.forward_scratch);
  }

  // The output, in values of `bytes`, and what the adapter keeps.
  void product(Level& level, Role role, int64_t bytes, int64_t r) const {
    const nn::Linear& linear = *linears_[role];
    level.take(bytes * r * linear.out());
    if (scales_[role]) {
      level.take(bytes * r * linear.out());
      if (drops_[role]) level.brief(c_ * r * linear.in() + decoded(linear));
    }
    level.brief(decoded(linear));
    level.take(c_ * r * ranks_[role]);
    if (twins_[role]) level.brief(c_ * r * ranks_[role]);
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
    const bool residual = role == kOutput || role == kCrossOutput || role == kDown;
    const int64_t narrow = residual && compute_ != DType::kF32 ? c_ * r * linear.out() : 0;
    int64_t adapter = c_ * r * ranks_[role];
    if (fused(role)) adapter += 4 * rows((r + 1) / 2) * ranks_[role];
    if (!fused(role) && drops_[role]) adapter += 2 * c_ * r * linear.in();
    // In f32 it is added to that of the encoder's states.
    if (role != kCrossKv || compute_ != DType::kF32) level.take(c_ * r * linear.in());
    int64_t scaled = 0, through = 0;
    if (scales_[role]) {
      scaled = c_ * r * linear.out();
      if (drops_[role]) through = c_ * r * linear.in() + decoded(linear);
    }
    level.brief(narrow + scaled + std::max({decoded(linear), adapter, through}));
  }

  const arch::ModelInfo& info_;
  std::array<const nn::Linear*, kRoles> linears_{};
  std::array<int64_t, kRoles> ranks_{};
  std::array<bool, kRoles> drops_{}, scales_{}, twins_{};  // dropout, magnitudes, frozen pairs
  DType compute_;
  bool training_;
  PassSize size_;
  int64_t c_, layers_, all_ = 0, chosen_ = 0, sources_ = 0, q_ = 0, kv_ = 0;
};

// A model's stacks, and what is there beside them.
class Pass {
 public:
  Pass(const arch::Model& model, const nn::LoraSet* adapter, DType compute, const PassSize& size,
       bool training)
      : setting_{model.info(), adapter, compute, training},
        head_(adapter && adapter->head ? *adapter->head : *model.head()), size_(size),
        linears_(model.linears()), own_(setting_, own_linears(), own_roles(), size) {
    if (setting_.info.encoder_layers == 0) return;
    PassSize encoder = size;
    encoder.tokens = encoder.predicting = size.sources;
    encoder.sources = 0;
    encoder_.emplace(setting_, std::span(linears_).first(encoder_linears()), kPlain, encoder);
  }
  const Stack& own() const { return own_; }
  const Stack* encoder() const { return encoder_ ? &*encoder_ : nullptr; }

  // Logits of a chunk of rows, as nn/loss.cc cuts them, and their gradient.
  int64_t loss() const {
    constexpr int64_t kChunkLogits = int64_t{256} * 49152;
    const int64_t c = int64_t(size_of(setting_.compute));
    const int64_t v = std::max<int64_t>(1, head_.out());
    const int64_t chunk = std::max<int64_t>(1, kChunkLogits / v);
    const int64_t r = rows(std::min(chunk, size_.spans ? size_.spans : size_.predicting));
    const int64_t weight = c * head_.in() * head_.out();
    const int64_t forward = head_.decodes() ? weight : 0;
    return 4 * r * v + (setting_.training ? c * r * v + 8 * r + forward : forward);
  }
  // What nn/span_rows.cc has of words and spans, and in training their gradients; sums are f32.
  int64_t spans() const {
    if (!size_.spans) return 0;
    const int64_t c = int64_t(size_of(setting_.compute)), times = setting_.training ? 2 : 1;
    const int64_t words = rows(size_.predicting) * 2 * head_.in(), sums = c != 4 ? 4 * words : 0;
    return times * (c * (words + 2 * rows(size_.spans) * head_.in()) + sums * (times - 1));
  }
  // What attention knows of positions: rotary angles, or biases by distance. Of an encoder alone,
  // its embeddings before their norm, and the positions' beside them.
  int64_t positions() const {
    if (!setting_.info.causal) return 2 * all_states();
    return encoder_ ? 4 * size_.distances
                    : 4 * size_.tokens * setting_.info.head_size * setting_.info.ropes;
  }
  int64_t all_states() const { return 4 * rows(size_.tokens) * setting_.info.width; }
  // The encoder's final states, what their norm keeps, or their gradient.
  int64_t states() const { return 4 * rows(size_.sources) * (setting_.info.width + 1); }

 private:
  size_t encoder_linears() const { return size_t(setting_.info.encoder_layers) * kPlain.size(); }
  std::span<const nn::Linear* const> own_linears() const {
    return std::span(linears_).subspan(encoder_linears());
  }
  std::span<const Role> own_roles() const {
    return setting_.info.encoder_layers ? std::span<const Role>(kCrossed) : kPlain;
  }
  Setting setting_;
  const nn::Linear& head_;
  PassSize size_;
  std::vector<const nn::Linear*> linears_;
  Stack own_;
  std::optional<Stack> encoder_;
};

// Layers of a recorded forward pass.
void add_layers(Level& level, const Stack& stack, bool checkpoint) {
  const Level forward = stack.layer(false);
  for (int64_t i = stack.chooses() ? 1 : 0; i < stack.layers(); ++i) {
    if (checkpoint) {
      level.take(stack.all_wide());
      level.brief(forward.peak);
    } else {
      level.add(forward);
    }
  }
  if (stack.chooses()) level.add(stack.layer(true));
}

// Their backward pass.
void add_layers_back(Level& level, const Stack& stack, bool checkpoint) {
  if (stack.chooses()) level.add(stack.layer_back(true));
  if (stack.layers() == (stack.chooses() ? 1 : 0)) return;
  const Level forward = stack.layer(false), backward = stack.layer_back(false);
  if (checkpoint) level.brief(forward.now + backward.peak);
  level.brief(checkpoint ? forward.peak : backward.peak);
}

kernels::AttentionShape shape_of(const arch::ModelInfo& info) {
  return {info.heads, info.kv_heads, info.head_size, 1.0f};
}

int64_t scratch(const kernels::AttentionPlan& plan, const arch::ModelInfo& info, bool backward) {
  return 4 * kernels::attention_scratch_size(plan, shape_of(info), backward);
}

// Of a table of biases by distance.
int64_t distances(const arch::ModelInfo& info, int32_t furthest) {
  return info.heads * (2 * int64_t{furthest} + 1);
}

}  // namespace

PassSize size_of_pass(const arch::ModelInfo& info, const nn::TokenBatch& batch,
                      int64_t predicting) {
  const auto plan = batch.plan();
  PassSize size{batch.size(),
                predicting,
                batch.source_size(),
                0,
                scratch(plan, info, false),
                scratch(plan, info, true)};
  if (!batch.sources()) return size;
  size.distances = distances(info, batch.max_position()) +
                   distances(info, batch.sources()->max_position());
  for (const auto& other : {batch.source_plan(), batch.sources()->plan()}) {
    size.forward_scratch = std::max(size.forward_scratch, scratch(other, info, false));
    size.backward_scratch = std::max(size.backward_scratch, scratch(other, info, true));
  }
  return size;
}

PassSize size_of_rows(const arch::ModelInfo& info, int64_t tokens, int64_t longest) {
  const kernels::AttentionSpan span{0, longest};
  const kernels::AttentionGroup group{.begin = 0, .count = longest, .span_count = 1};
  const kernels::AttentionPlan plan{{&group, 1}, {&span, 1}};
  const bool encoded = info.encoder_layers > 0;
  return {tokens,
          tokens,
          encoded ? tokens : 0,
          encoded ? 2 * distances(info, int32_t(longest)) : 0,
          scratch(plan, info, false),
          0};
}

int64_t training_arena(const arch::Model& model, const nn::LoraSet* adapter, DType compute,
                       bool checkpoint, const PassSize& size) {
  const Pass pass(model, adapter, compute, size, true);
  const Stack& own = pass.own();
  Level level;
  level.take(pass.positions());
  if (const Stack* encoder = pass.encoder()) {
    level.take(encoder->all_wide());
    add_layers(level, *encoder, checkpoint);
    level.take(pass.states());
  }
  level.take(own.all_wide());
  add_layers(level, own, checkpoint);
  level.take(2 * own.chosen_narrow());  // final states and their gradient
  level.take(pass.spans());
  level.brief(pass.loss());
  level.take(own.chosen_wide());
  if (pass.encoder()) level.take(pass.states());
  add_layers_back(level, own, checkpoint);
  if (const Stack* encoder = pass.encoder()) {
    level.take(encoder->all_wide());
    add_layers_back(level, *encoder, checkpoint);
  }
  return level.peak;
}

int64_t scoring_arena(const arch::Model& model, const nn::LoraSet* adapter, DType compute,
                      const PassSize& size) {
  const Pass pass(model, adapter, compute, size, false);
  const Stack& own = pass.own();
  Level level;
  level.take(pass.positions());
  if (const Stack* encoder = pass.encoder()) {
    level.take(encoder->all_wide());
    level.brief(encoder->layer(false).peak);
    level.take(pass.states());
  }
  level.take(own.all_wide() + (own.chooses() ? own.chosen_wide() : 0));
  level.brief(own.layer(false).peak);
  level.take(own.chosen_narrow() + pass.spans());
  level.brief(pass.loss());
  return level.peak;
}

}  // namespace relatum::train
