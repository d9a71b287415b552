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

size_t size_of_pairs(const std::vector<AdapterModule>& modules) {
  size_t size = 0;
  for (const AdapterModule& m : modules) size += size_t(m.rank * (m.in + m.out));
  return size;
}

int64_t size_of_all(const std::vector<AdapterModule>& modules) {
  auto size = int64_t(size_of_pairs(modules));
  for (const AdapterModule& m : modules) size += m.m_offset < 0 ? 0 : m.out;
  return size;
}

void check_start(const AdapterConfig& config) {
  if (config.start != Start::kPissa || !config.magnitudes) return;
  fail("train.adapter",
       "DoRA and PiSSA do not go together: what PiSSA writes is plain LoRA on the unchanged base, "
       "which has no magnitudes (PEFT converts it only so, too). Choose one of them.");
}

}  // namespace

std::vector<AdapterModule> adapter_modules(const arch::Model& model, const AdapterConfig& config) {
  const OwnRank common{config.rank, config.alpha};
  check_numbers(config, common);
  check_start(config);
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
  for (AdapterModule& module : modules) {
    if (!config.magnitudes) break;
    module.m_offset = size;
    size += module.out;
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
                 uint64_t seed, const arch::Model* source, int64_t extras)
    : compute_(compute), config_(config), modules_(adapter_modules(model, config)),
      encoder_decoder_(model.info().encoder_layers > 0), encoder_(!model.info().causal),
      pairs_(size_of_pairs(modules_)),
      saved_(saved_modules(model, config, size_of_all(modules_)), compute), start_(compute) {
  extras_ = size_t(extras);
  size_ = size_t(size_of_all(modules_) + size_of(saved_.modules())) + extras_;
  values_ = Buffer(size_ * sizeof(float));
  if (compute != DType::kF32) copies_ = Buffer(pairs_ * size_of(compute));
  initialise(seed);
  make_set(model);
  saved_.open(model, values_.as<float>(), set_);
  if (config.start != Start::kDefault) begin_at_principal_parts(model, source);
  copy_pairs();
  if (config.magnitudes) make_magnitudes(model);
  saved_.refresh();
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

// Frozen twins of the groups stand beside them where the base lacks what they begin with.
void Adapter::begin_at_principal_parts(const arch::Model& model, const arch::Model* source) {
  start_.begin(model, source, config_, modules_, values_.as<float>());
  size_t next = 0;
  for (auto& group : groups_) {
    const size_t count = group->parts.size();
    group->frozen = start_.frozen(*group, std::span(modules_).subspan(next, count));
    next += count;
  }
}

void Adapter::make_magnitudes(const arch::Model& model) {
  magnitudes_.emplace(compute_);
  size_t next = 0, group = 0;
  for (const nn::Linear* linear : model.linears()) {
    if (!set_.of(*linear)) continue;
    std::vector<MagnitudePart> parts;
    for (size_t p = 0; p < groups_[group]->parts.size(); ++p) {
      const AdapterModule& module = modules_[next++];
      parts.push_back({b(module).data, magnitudes(module).data});
    }
    magnitudes_->add(*linear, *groups_[group++], std::move(parts));
  }
  magnitudes_->initialise();
}

void Adapter::enable_training() {
  grads_ = Buffer(size_ * sizeof(float));
  grads_.zero();
  const auto place = [&](int64_t offset) { return grads_.as<float>() + offset; };
  size_t next = 0;
  for (auto& group : groups_) {
    const AdapterModule& first = modules_[next];
    group->a_grad = {place(first.a_offset), group->a.rows, group->a.cols};
    for (nn::LoraPart& part : group->parts) {
      const AdapterModule& module = modules_[next++];
      part.b_grad = {place(module.b_offset), module.rank, module.out};
      if (module.m_offset >= 0) part.magnitude_grad = place(module.m_offset);
    }
  }
  if (magnitudes_) magnitudes_->keep_memory();
  if (!saved_.modules().empty() || extras_) gradients_.emplace(values(), grads());
}

void Adapter::copy_pairs() {
  if (compute_ == DType::kF32) return;
  const auto n = int64_t(pairs_);
  kernels::convert(Mat(values_.data(), DType::kF32, 1, n), Mat(copies_.data(), compute_, 1, n));
}

void Adapter::sync() {
  copy_pairs();
  if (magnitudes_) magnitudes_->update();
  saved_.refresh();
}

void Adapter::keep_copies_alone() {
  if (compute_ == DType::kF32 || !saved_.modules().empty() || grads_.size() > 0) return;
  values_ = {};
  size_ = 0;
}

const nn::LoraSet* Adapter::set_beside_integers() {
  if (saved_.modules().empty()) return nullptr;
  saved_.quantise();
  beside_integers_.head = set_.head;
  beside_integers_.embedding = set_.embedding;
  beside_integers_.source_embedding = set_.source_embedding;
  return &beside_integers_;
}

std::vector<ValueGroup> Adapter::groups() const {
  ValueGroup a{"lora_A", {}, false}, b{"lora_B", {}, true};
  ValueGroup magnitudes{"lora_magnitude_vector", {}, true}, saved{"modules_to_save", {}, false};
  for (const AdapterModule& module : modules_) {
    a.ranges.push_back({module.a_offset, module.rank * module.in});
    b.ranges.push_back({module.b_offset, module.rank * module.out});
    if (module.m_offset >= 0) magnitudes.ranges.push_back({module.m_offset, module.out});
  }
  const int64_t whole = size_of(saved_.modules());
  const auto last = int64_t(size_ - extras_);
  if (whole > 0) saved.ranges.push_back({last - whole, whole});
  ValueGroup extras{kExtras, {}};
  if (extras_) extras.ranges.push_back({last, int64_t(extras_)});
  std::vector<ValueGroup> all;
  for (ValueGroup* group : {&a, &b, &magnitudes, &saved, &extras}) {
    if (!group->ranges.empty()) all.push_back(std::move(*group));
  }
  return all;
}

// Two products forward, four backward; of frozen twins two each way. Magnitudes have the base's
// product of a dropped input made once more, both ways. A saved head has a gradient of its own.
double Adapter::operations(const nn::Linear::Part& part) const {
  for (const SavedModule& module : saved_.modules()) {
    if (module.name == part.name) return 2 * double(module.rows * module.cols);
  }
  const auto module = std::find_if(modules_.begin(), modules_.end(),
                                   [&](const AdapterModule& m) { return m.name == part.name; });
  if (module == modules_.end()) return 0;
  const double pair = double(module->rank * (module->in + module->out));
  const bool twice = module->m_offset >= 0 && config_.dropout > 0;
  return (removed().empty() ? 6 : 10) * pair + (twice ? 4 * double(part.weight.size()) : 0);
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
  // Named where they are on, so that states of before there were such are states without them.
  if (config_.magnitudes) add("--dora", "on");
  if (config_.start != Start::kDefault) {
    add("--init", config_.start == Start::kPissa ? "pissa" : "loftq");
  }
  std::string saved;
  for (const SavedModule& module : saved_.modules()) {
    saved += fmt::format("{}{}", saved.empty() ? "" : " ", module.name);
  }
  if (!saved.empty()) add("--save-modules", saved);
  if (!saved.empty() && config_.tie_saved) add("--ensure-weight-tying", "on");
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
