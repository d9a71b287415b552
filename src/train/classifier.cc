// The classifier's numbers as views of the flat array, and its file.
#include "train/classifier.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/rng.h"
#include "train/head_file.h"

namespace relatum::train {
namespace {

constexpr const char* kName = "classifier";

}  // namespace

ClassifierTraining::ClassifierTraining(std::unique_ptr<Trainable> base, DType compute,
                                       const ClassifierForm& form, uint64_t seed)
    : TrainedBeside(std::move(base), kName, form.rate), form_(form) {
  constexpr uint64_t kStream = 0xc1a55;
  constexpr double kDeviation = 0.02;
  const std::span<float> numbers = base_->extras();
  RELATUM_CHECK(int64_t(numbers.size()) == form.size());
  const auto weights = numbers.first(size_t(form.labels * form.inputs));
  const Rng rng(seed, kStream);
  for (size_t i = 0; i < weights.size(); ++i) weights[i] = float(kDeviation * rng.normal(i));
  const auto biases = numbers.subspan(weights.size());
  std::fill(biases.begin(), biases.end(), 0.0f);
  head_.emplace(trained_linear(kName, weights, form.labels, biases, compute));
  set_.head = &*head_;
}

void ClassifierTraining::sync() {
  base_->sync();
  head_->refresh();
}

double ClassifierTraining::operations(const nn::Linear::Part& part) const {
  if (&part == &head_->parts()[0]) return 2 * double(part.weight.size());
  return base_->operations(part);
}

void ClassifierTraining::describe(std::vector<NamedValue>& options) const {
  base_->describe(options);
  options.push_back({"--head", "classifier"});
  options.push_back({"--head-lr over --lr", fmt::format("{}", form_.rate)});
  options.push_back({"--head-dropout", fmt::format("{}", form_.dropout)});
  options.push_back({"--hidden-dropout", fmt::format("{}", form_.own_dropout)});
}

void ClassifierTraining::save(const std::filesystem::path& run, const std::string& base) const {
  base_->save(run, base);
  const std::span<const float> numbers = base_->extras();
  const auto count = size_t(form_.labels * form_.inputs);
  HeadOutput file;
  file.add("classifier.weight", {form_.labels, form_.inputs}, numbers.first(count));
  file.add("classifier.bias", {form_.labels}, numbers.subspan(count));
  file.write(classifier_file(run));
}

std::filesystem::path classifier_file(const std::filesystem::path& run) {
  return run / "classifier.safetensors";
}

nn::Linear load_classifier(const std::filesystem::path& run, int64_t labels, int64_t inputs,
                           DType compute) {
  const HeadFile file(classifier_file(run), fmt::format("{} labels and {} inputs", labels, inputs));
  return file.linear("classifier.weight", "classifier.bias", labels, inputs, compute);
}

}  // namespace relatum::train
