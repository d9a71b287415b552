// Four parts, one behind the other.
#include "train/pair_numbers.h"

#include <fmt/format.h>

#include <cmath>
#include <string>
#include <utility>

#include "base/error.h"
#include "io/safetensors.h"
#include "tensor/values.h"
#include "train/head_file.h"

namespace relatum::train {
namespace {

constexpr double kTableDeviation = 0.3;  // as that of a span's length

template <typename T>
struct Parts {
  std::span<T> project, table, output, bias;
};

template <typename T>
Parts<T> parts_of(std::span<T> numbers, const PairForm& form) {
  RELATUM_CHECK(int64_t(numbers.size()) == form.size());
  const auto take = [&](int64_t count) {
    const std::span<T> part = numbers.first(size_t(count));
    numbers = numbers.subspan(size_t(count));
    return part;
  };
  Parts<T> parts;
  parts.project = take(5 * form.hidden * form.width);
  parts.table = take(nn::PairHead::table_rows(form.types) * form.hidden);
  parts.output = take(form.labels * form.hidden);
  parts.bias = take(form.labels);
  return parts;
}

nn::Linear trained_linear(const char* name, std::span<const float> values, int64_t rows,
                          std::span<const float> bias, DType compute) {
  nn::Linear linear({{name, view_of(name, values, rows)}}, {bias.begin(), bias.end()});
  if (!bias.empty()) linear.mutable_biases()[0] = view_of(fmt::format("{}.bias", name), bias, 1);
  linear.prepare(compute, false);
  linear.prepare_trained();
  return linear;
}

}  // namespace

void begin_pair_numbers(std::span<float> numbers, const PairForm& form, const Rng& rng) {
  const Parts<float> parts = parts_of(numbers, form);
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

nn::PairHead pair_head_of(std::span<const float> numbers, const PairForm& form, DType compute) {
  const Parts<const float> parts = parts_of(numbers, form);
  return {trained_linear("pairs.project", parts.project, 5 * form.hidden, {}, compute),
          {parts.table.data(), nn::PairHead::table_rows(form.types), form.hidden},
          trained_linear("pairs.output", parts.output, form.labels, parts.bias, compute),
          form.types};
}

void refresh_pair_head(nn::PairHead& head) {
  head.project.refresh();
  head.output.refresh();
}

std::filesystem::path pair_file(const std::filesystem::path& run) {
  return run / "pairs.safetensors";
}

void save_pair_numbers(const std::filesystem::path& run, std::span<const float> numbers,
                       const PairForm& form) {
  const Parts<const float> parts = parts_of(numbers, form);
  std::vector<io::SafetensorsOutput> tensors;
  const auto add =
      [&](const char* name, const std::vector<int64_t>& shape, std::span<const float> values) {
    tensors.push_back({name, "F32", shape, std::as_bytes(values)});
  };
  add("project.weight", {5 * form.hidden, form.width}, parts.project);
  add("table.weight", {nn::PairHead::table_rows(form.types), form.hidden}, parts.table);
  add("output.weight", {form.labels, form.hidden}, parts.output);
  add("output.bias", {form.labels}, parts.bias);
  io::write_safetensors(pair_file(run), std::move(tensors), {{"format", "pt"}});
}

LoadedPairHead load_pair_head(const std::filesystem::path& run, const PairForm& form,
                              DType compute) {
  const HeadFile file(pair_file(run), fmt::format("{} labels, {} types and states of {} numbers",
                                                  form.labels, form.types, form.width));
  const auto linear = [&](const char* name, const char* tensor, int64_t rows, int64_t cols,
                          std::vector<float> bias) {
    nn::Linear made({{name, weight_of(name, file.read(tensor, {rows, cols}), rows)}},
                    std::move(bias));
    made.prepare(compute, true);
    return made;
  };
  const int64_t table = nn::PairHead::table_rows(form.types);
  LoadedPairHead loaded;
  loaded.head.project = linear("pairs.project", "project.weight", 5 * form.hidden, form.width, {});
  loaded.table = file.read("table.weight", {table, form.hidden});
  loaded.head.table = {loaded.table.data(), table, form.hidden};
  loaded.head.output = linear("pairs.output", "output.weight", form.labels, form.hidden,
                              file.read("output.bias", {form.labels}));
  loaded.head.types = form.types;
  return loaded;
}

}  // namespace relatum::train
