// Layout, initialisation and seating of LoRA factors.
#include "train/adapter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "kernels/rows.h"

namespace relatum::train {
namespace {

std::string last_part(const std::string& name) { return name.substr(name.rfind('.') + 1); }

bool all_linear(const AdapterConfig& config) {
  return config.targets.empty() || config.targets == std::vector<std::string>{"all-linear"};
}

// A target is a name's last part, or its whole end behind a dot, as in PEFT.
bool matches(const std::string& name, const std::string& target) {
  return name == target || name.ends_with("." + target);
}

}  // namespace

Adapter::Adapter(arch::Model& model, DType compute, const AdapterConfig& config, uint64_t seed)
    : compute_(compute), config_(config) {
  if (config.rank < 1 || config.rank > 4096) {
    fail("train.adapter", fmt::format("rank {} cannot be. Use 1 to 4096.", config.rank));
  }
  if (config.dropout < 0 || config.dropout >= 1) {
    fail("train.adapter", fmt::format("dropout {} cannot be. Use 0 up to below 1.",
                                      config.dropout));
  }
  choose_modules(model);
  values_ = Buffer(size_ * sizeof(float));
  if (compute != DType::kF32) copies_ = Buffer(size_ * size_of(compute));
  initialise(seed);
  seat(model);
  sync();
}

Adapter::~Adapter() {
  for (nn::Linear* linear : seats_) linear->seat(nullptr);
}

void Adapter::choose_modules(arch::Model& model) {
  std::set<std::string> known, used;
  for (nn::Linear* linear : model.linears()) {
    std::vector<AdapterModule> chosen;
    for (const auto& part : linear->parts()) {
      known.insert(last_part(part.name));
      const auto hit = std::find_if(config_.targets.begin(), config_.targets.end(),
                                    [&](const auto& t) { return matches(part.name, t); });
      if (!all_linear(config_) && hit == config_.targets.end()) continue;
      if (hit != config_.targets.end()) used.insert(*hit);
      chosen.push_back({part.name, linear->in(), part.weight.rows, config_.rank});
    }
    // The A of one linear's parts stand on each other, so that one product serves them all.
    for (auto& module : chosen) {
      module.a_offset = int64_t(size_);
      size_ += size_t(module.rank * module.in);
    }
    for (auto& module : chosen) {
      module.b_offset = int64_t(size_);
      size_ += size_t(module.rank * module.out);
    }
    modules_.insert(modules_.end(), chosen.begin(), chosen.end());
  }
  for (const std::string& target : config_.targets) {
    if (all_linear(config_) || used.contains(target)) continue;
    fail("train.adapter", fmt::format("target '{}' names no linear of {}. It has {}; or use "
                                      "all-linear.", target, model.info().path,
                                      fmt::join(known, ", ")));
  }
}

void Adapter::initialise(uint64_t seed) {
  values_.zero();
  constexpr uint64_t kStream = 0x10a;  // apart from the trainer's streams
  for (size_t m = 0; m < modules_.size(); ++m) {
    const Rng rng(seed, kStream + m);
    const auto factor = a(modules_[m]);
    const double bound = 1.0 / std::sqrt(double(factor.cols));
    for (int64_t i = 0; i < factor.size(); ++i) {
      factor.data[i] = float((2 * rng.uniform(uint64_t(i)) - 1) * bound);
    }
  }
}

Mat Adapter::compute_view(int64_t offset, int64_t rows, int64_t cols) const {
  std::byte* base = compute_ == DType::kF32 ? values_.data() : copies_.data();
  return {base + size_t(offset) * size_of(compute_), compute_, rows, cols};
}

void Adapter::seat(arch::Model& model) {
  size_t next = 0;
  const double divisor = config_.rank_stabilised ? std::sqrt(double(config_.rank))
                                                 : double(config_.rank);
  for (nn::Linear* linear : model.linears()) {
    auto group = std::make_unique<nn::LoraGroup>();
    const size_t first = next;
    int64_t ranks = 0;
    for (const auto& part : linear->parts()) {
      if (next == modules_.size() || modules_[next].name != part.name) continue;
      const AdapterModule& module = modules_[next++];
      group->parts.push_back({part.begin, module.out, ranks, module.rank,
                              float(config_.alpha / divisor),
                              compute_view(module.b_offset, module.rank, module.out), {}});
      ranks += module.rank;
    }
    if (group->parts.empty()) continue;
    group->a = compute_view(modules_[first].a_offset, ranks, linear->in());
    group->dropout = float(config_.dropout);
    group->salt = mix64(groups_.size() + 1);
    linear->seat(group.get());
    seats_.push_back(linear);
    groups_.push_back(std::move(group));
  }
}

void Adapter::enable_training() {
  grads_ = Buffer(size_ * sizeof(float));
  grads_.zero();
  size_t next = 0;
  for (auto& group : groups_) {
    const AdapterModule& first = modules_[next];
    group->a_grad = {grads_.as<float>() + first.a_offset, group->a.rows, group->a.cols};
    for (nn::LoraPart& part : group->parts) {
      const AdapterModule& module = modules_[next++];
      part.b_grad = {grads_.as<float>() + module.b_offset, module.rank, module.out};
    }
  }
}

void Adapter::sync() {
  if (compute_ == DType::kF32) return;
  const int64_t n = int64_t(size_);
  kernels::convert(Mat(values_.data(), DType::kF32, 1, n), Mat(copies_.data(), compute_, 1, n));
}

}  // namespace relatum::train
