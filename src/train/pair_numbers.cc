// Four parts, one behind the other.
#include "train/pair_numbers.h"

#include <fmt/format.h>

#include <cmath>

#include "base/error.h"
#include "kernels/gemm.h"
#include "train/head_file.h"

namespace relatum::train {
namespace {

constexpr double kTableDeviation = 0.3;  // as that of a span's length

struct Parts {
  std::span<float> project, table, output, bias;
};

Parts parts_of(std::span<float> numbers, const PairForm& form) {
  RELATUM_CHECK(int64_t(numbers.size()) == form.size());
  NumberParts parts(numbers);
  return {parts.take(5 * form.hidden * form.width),
          parts.take(nn::PairHead::table_rows(form.types) * form.hidden),
          parts.take(form.labels * form.hidden), parts.take(form.labels)};
}

}  // namespace

void begin_pair_numbers(std::span<float> numbers, const PairForm& form, const Rng& rng) {
  const Parts parts = parts_of(numbers, form);
  uint64_t drawn = 0;
  const auto draw = [&](std::span<float> values, double deviation) {
    for (float& value : values) value = float(deviation * rng.normal(drawn++));
  };
  draw(parts.project, 1 / std::sqrt(3.0 * double(form.width)));
  draw(parts.table, kTableDeviation);
  for (const int64_t row : {int64_t{0}, form.types}) {
    for (int64_t c = 0; c < form.hidden; ++c) parts.table[size_t(row * form.hidden + c)] = 0;
  }
  draw(parts.output, 1 / std::sqrt(3.0 * double(form.hidden)));
  RELATUM_CHECK(form.shares.size() == parts.bias.size());
  for (size_t i = 0; i < parts.bias.size(); ++i) parts.bias[i] = float(std::log(form.shares[i]));
}

nn::PairHead pair_head_of(std::span<float> numbers, const PairForm& form, DType compute) {
  const Parts parts = parts_of(numbers, form);
  return {trained_linear("pairs.project", parts.project, 5 * form.hidden, {}, compute),
          {parts.table.data(), nn::PairHead::table_rows(form.types), form.hidden},
          trained_linear("pairs.output", parts.output, form.labels, parts.bias, compute),
          form.types};
}

void refresh_pair_head(nn::PairHead& head) {
  head.project.refresh();
  head.output.refresh();
}

// Sums are f32.
int64_t pair_arena(const nn::PairHead& head, DType compute, const PairSizes& sizes) {
  if (sizes.pairs == 0) return 0;
  const int64_t c = int64_t(size_of(compute)), times = sizes.training ? 2 : 1;
  const int64_t wide = kernels::rounded_rows(sizes.words) * head.project.out();
  const int64_t rows = kernels::rounded_rows(sizes.pairs);
  const int64_t sums = sizes.training && c != 4 ? 4 * wide : 0;
  return times * c * (wide + 2 * rows * head.hidden()) + sums + 8 * rows * head.output.out();
}

std::filesystem::path pair_file(const std::filesystem::path& run) {
  return run / "pairs.safetensors";
}

void save_pair_numbers(const std::filesystem::path& run, std::span<float> numbers,
                       const PairForm& form) {
  const Parts parts = parts_of(numbers, form);
  HeadOutput file;
  file.add("project.weight", {5 * form.hidden, form.width}, parts.project);
  file.add("table.weight", {nn::PairHead::table_rows(form.types), form.hidden}, parts.table);
  file.add("output.weight", {form.labels, form.hidden}, parts.output);
  file.add("output.bias", {form.labels}, parts.bias);
  file.write(pair_file(run));
}

LoadedPairHead load_pair_head(const std::filesystem::path& run, const PairForm& form,
                              DType compute) {
  const HeadFile file(pair_file(run), fmt::format("{} labels, {} types and states of {} numbers",
                                                  form.labels, form.types, form.width));
  const int64_t table = nn::PairHead::table_rows(form.types);
  LoadedPairHead loaded;
  loaded.head.project = file.linear("project.weight", nullptr, 5 * form.hidden, form.width,
                                    compute);
  loaded.table = file.read("table.weight", {table, form.hidden});
  loaded.head.table = {loaded.table.data(), table, form.hidden};
  loaded.head.output = file.linear("output.weight", "output.bias", form.labels, form.hidden,
                                   compute);
  loaded.head.types = form.types;
  return loaded;
}

}  // namespace relatum::train
