// Layout, initialisation and views of LoRA factors.
#include "train/adapter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"
#include "base/rng.h"
#include "kernels/rows.h"
#include "train/peft.h"

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

float scale_of(const AdapterConfig& config, const OwnRank& own) {
  const double rank = double(own.rank);
  return float(own.alpha / (config.rank_stabilised ? std::sqrt(rank) : rank));
}

void check_numbers(const AdapterConfig& config, const OwnRank& own) {
  if (own.rank < 1 || own.rank > 4096) {
    fail("train.adapter", fmt::format("rank {} is out of range. Use 1 to 4096.", own.rank));
  }
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    fail("train.adapter", fmt::format("dropout {} is out of range. Use at least 0 and less than 1.",
                                      config.dropout));
  }
  if (!std::isfinite(scale_of(config, own))) {
    fail("train.adapter",
         fmt::format("alpha {} is out of range. Use a number near the rank.", own.alpha));
  }
}

// The A of one linear's parts stand on each other, so that one product serves them all.
void place(std::span<AdapterModule> chosen, int64_t& size) {
  for (AdapterModule& module : chosen) {
    module.a_offset = size;
    size += module.rank * module.in;
  }
  for (AdapterModule& module : chosen) {
    module.b_offset = size;
    size += module.rank * module.out;
  }
}

size_t size_of_all(const std::vector<AdapterModule>& modules) {
  size_t size = 0;
  for (const AdapterModule& m : modules) size += size_t(m.rank * (m.in + m.out));
  return size;
}

}  // namespace

std::vector<AdapterModule> adapter_modules(const arch::Model& model, const AdapterConfig& config) {
  const OwnRank common{config.rank, config.alpha};
  check_numbers(config, common);
  for (const auto& [name, own] : config.own) check_numbers(config, own);
  std::vector<AdapterModule> modules;
  std::set<std::string> known, used;
  int64_t size = 0;
  for (const nn::Linear* linear : model.linears()) {
    const size_t first = modules.size();
    for (const auto& part : linear->parts()) {
      known.insert(last_part(part.name));
      const auto hit = std::find_if(config.targets.begin(), config.targets.end(),
                                    [&](const auto& t) { return matches(part.name, t); });
      if (!all_linear(config) && hit == config.targets.end()) continue;
      if (hit != config.targets.end()) used.insert(*hit);
      const auto own = config.own.find(part.name);
      const OwnRank& rank = own == config.own.end() ? common : own->second;
      modules.push_back({part.name, linear->in(), part.weight.rows, rank.rank});
      modules.back().scale = scale_of(config, rank);
    }
    place(std::span(modules).subspan(first), size);
  }
  for (const std::string& target : config.targets) {
    if (all_linear(config) || used.contains(target)) continue;
    fail("train.adapter", fmt::format("target '{}' names no linear of {}. It has {}; or use "
                                      "all-linear.",
                                      target, model.info().path, fmt::join(known, ", ")));
  }
  return modules;
}

Adapter::Adapter(const arch::Model& model, DType compute, const AdapterConfig& config,
                 uint64_t seed)
    : compute_(compute), config_(config), modules_(adapter_modules(model, config)),
      encoder_decoder_(model.info().encoder_layers > 0), size_(size_of_all(modules_)),
      values_(size_ * sizeof(float)) {
  if (compute != DType::kF32) copies_ = Buffer(size_ * size_of(compute));
  initialise(seed);
  make_set(model);
  sync();
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

ConstMat Adapter::compute_view(int64_t offset, int64_t rows, int64_t cols) const {
  const std::byte* base = compute_ == DType::kF32 ? values_.data() : copies_.data();
  return {base + size_t(offset) * size_of(compute_), compute_, rows, cols};
}

void Adapter::make_set(const arch::Model& model) {
  size_t next = 0;
  for (const nn::Linear* linear : model.linears()) {
    auto group = std::make_unique<nn::LoraGroup>();
    const size_t first = next;
    int64_t ranks = 0;
    for (const auto& part : linear->parts()) {
      if (next == modules_.size() || modules_[next].name != part.name) continue;
      const AdapterModule& module = modules_[next++];
      group->parts.push_back({part.begin,
                              module.out,
                              ranks,
                              module.rank,
                              module.scale,
                              compute_view(module.b_offset, module.rank, module.out),
                              {}});
      ranks += module.rank;
    }
    if (group->parts.empty()) continue;
    group->a = compute_view(modules_[first].a_offset, ranks, linear->in());
    group->dropout = float(config_.dropout);
    group->salt = mix64(groups_.size() + 1);
    set_.add(*linear, group.get());
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

// Two products forward, four backward.
double Adapter::operations(const nn::Linear::Part& part) const {
  const auto module = std::find_if(modules_.begin(), modules_.end(),
                                   [&](const AdapterModule& m) { return m.name == part.name; });
  return module == modules_.end() ? 0 : 6 * double(module->rank * (module->in + module->out));
}

void Adapter::describe(std::vector<NamedValue>& options) const {
  const auto add = [&](const char* name, const auto& value) {
    options.push_back({name, fmt::format("{}", value)});
  };
  add("--rank", config_.rank);
  add("--alpha", config_.alpha);
  add("--dropout", config_.dropout);
  add("dropout's masks", "new in each step");
  add("--rslora", config_.rank_stabilised ? "on" : "off");
  std::string names;
  for (const AdapterModule& module : modules_) {
    names += fmt::format("{}{}", names.empty() ? "" : " ", module.name);
  }
  add("--targets", names);
}

void Adapter::save(const std::filesystem::path& run, const std::string& base) const {
  save_peft(run, *this, base);
}

}  // namespace relatum::train
