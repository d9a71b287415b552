// The head's numbers as views of the flat array, and its file.
#include "train/span_training.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "train/head_file.h"

namespace relatum::train {
namespace {

constexpr const char* kName = "spans";

// The four parts of its numbers, in their order.
struct Parts {
  std::span<float> project, widths, output, bias;
};

Parts parts_of(std::span<float> numbers, const SpanForm& form) {
  RELATUM_CHECK(int64_t(numbers.size()) == form.own_size());
  NumberParts parts(numbers);
  return {parts.take(2 * form.hidden * form.width), parts.take(form.lengths * form.hidden),
          parts.take(form.classes * form.hidden), parts.take(form.classes)};
}

}  // namespace

SpanTraining::SpanTraining(std::unique_ptr<Trainable> base, DType compute, const SpanForm& form,
                           uint64_t seed)
    : TrainedBeside(std::move(base), kName, form.rate) {
  reader_.form = form;
  constexpr uint64_t kStream = 0x59a45;
  const Parts parts = parts_of(own_numbers(), form);
  const Rng rng(seed, kStream);
  uint64_t drawn = 0;
  const auto draw = [&](std::span<float> values, double deviation) {
    for (float& value : values) value = float(deviation * rng.normal(drawn++));
  };
  draw(parts.project, 1 / std::sqrt(3.0 * double(form.width)));
  draw(parts.widths, kLengthDeviation);
  draw(parts.output, 1 / std::sqrt(3.0 * double(form.hidden)));
  RELATUM_CHECK(form.shares.empty() || form.shares.size() == parts.bias.size());
  for (size_t i = 0; i < parts.bias.size(); ++i) {
    parts.bias[i] = form.shares.empty() ? 0 : float(std::log(form.shares[i]));
  }
  reader_.head = {trained_linear("spans.project", parts.project, 2 * form.hidden, {}, compute),
                  {parts.widths.data(), form.lengths, form.hidden},
                  trained_linear("spans.output", parts.output, form.classes, parts.bias, compute),
                  form.widest};
  if (form.pairs.labels) begin_pairs(compute, seed);
  reader_.set = set_;
  reader_.set.head = &reader_.head.output;
  if (!form.joint) set_.head = &reader_.head.output;
}

void SpanTraining::sync() {
  base_->sync();
  reader_.head.project.refresh();
  reader_.head.output.refresh();
  if (reader_.pairs) refresh_pair_head(*reader_.pairs);
}

std::span<float> SpanTraining::own_numbers() const {
  return base_->extras().first(size_t(reader_.form.own_size()));
}

std::span<float> SpanTraining::pair_numbers() const {
  return base_->extras().subspan(size_t(reader_.form.own_size()));
}

void SpanTraining::begin_pairs(DType compute, uint64_t seed) {
  constexpr uint64_t kStream = 0x9a125;
  begin_pair_numbers(pair_numbers(), reader_.form.pairs, Rng(seed, kStream));
  reader_.pairs = pair_head_of(pair_numbers(), reader_.form.pairs, compute);
  set_.pairs = &*reader_.pairs;
}

double SpanTraining::operations(const nn::Linear::Part& part) const {
  const bool own = &part == &reader_.head.output.parts()[0] ||
                   (reader_.pairs && &part == &reader_.pairs->output.parts()[0]);
  if (own) return 2 * double(part.weight.size());
  return base_->operations(part);
}

void SpanTraining::describe(std::vector<NamedValue>& options) const {
  base_->describe(options);
  const SpanForm& form = reader_.form;
  options.push_back({"--task", form.joint || form.pairs.labels ? "joint" : "entities"});
  options.push_back({"the words of the longest span", fmt::format("{}", form.widest)});
  options.push_back({"the span lengths that are told apart", fmt::format("{}", form.lengths)});
  options.push_back({"the width of the span classifier", fmt::format("{}", form.hidden)});
  if (form.pairs.labels) {
    options.push_back({"the types that pairs know", fmt::format("{}", form.pairs.types)});
    options.push_back({"the width of the pair classifier", fmt::format("{}", form.pairs.hidden)});
  }
  options.push_back({"--head-lr over --lr", fmt::format("{}", form.rate)});
  options.push_back({"--head-dropout", fmt::format("{}", form.dropout)});
  options.push_back({"--hidden-dropout", fmt::format("{}", form.own_dropout)});
}

void SpanTraining::save(const std::filesystem::path& run, const std::string& base) const {
  base_->save(run, base);
  const SpanForm& form = reader_.form;
  const Parts parts = parts_of(own_numbers(), form);
  HeadOutput file;
  file.add("project.weight", {2 * form.hidden, form.width}, parts.project);
  file.add("width.weight", {form.lengths, form.hidden}, parts.widths);
  file.add("output.weight", {form.classes, form.hidden}, parts.output);
  file.add("output.bias", {form.classes}, parts.bias);
  file.write(span_file(run));
  if (reader_.pairs) save_pair_numbers(run, pair_numbers(), form.pairs);
}

std::filesystem::path span_file(const std::filesystem::path& run) {
  return run / "entities.safetensors";
}

LoadedSpanHead load_span_head(const std::filesystem::path& run, const SpanForm& form,
                              DType compute) {
  const HeadFile file(span_file(run),
                      fmt::format("{} classes, spans of {} lengths and states of {} numbers",
                                  form.classes, form.lengths, form.width));
  LoadedSpanHead loaded;
  loaded.head.project = file.linear("project.weight", nullptr, 2 * form.hidden, form.width,
                                    compute);
  loaded.widths = file.read("width.weight", {form.lengths, form.hidden});
  loaded.head.widths = {loaded.widths.data(), form.lengths, form.hidden};
  loaded.head.widest = form.widest;
  loaded.head.output = file.linear("output.weight", "output.bias", form.classes, form.hidden,
                                   compute);
  return loaded;
}

}  // namespace relatum::train
