// Counters and arrays in one safetensors file.
#include "train/state.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "io/format_version.h"
#include "io/safetensors.h"
#include "io/to_weight.h"
#include "quant/format.h"

namespace relatum::train {
namespace {

constexpr char kChecksum[] = "sha256";
constexpr char kVersion[] = "format_version";
constexpr int64_t kStateVersion = 1;  // that of states without a number, too

std::vector<float> read_array(const io::Safetensors& file, const char* name, size_t size) {
  const io::SafetensorsTensor& tensor = file.tensor(name);
  const Weight weight = io::to_weight(tensor);
  if (size_t(weight.size()) != size) {
    fail("train.state", fmt::format("{}: expected {} values, got {}. Start over with "
                                    "--overwrite.",
                                    tensor.place, size, weight.size()));
  }
  std::vector<float> values(size);
  quant::decode_rows(weight, 0, MatView<float>(values.data(), 1, int64_t(size)));
  return values;
}

const std::string& entry(const io::Safetensors& file, const char* key) {
  const auto it = file.metadata().find(key);
  if (it != file.metadata().end()) return it->second;
  fail("train.state", fmt::format("{}: '{}' is missing. The file is not a training state of this "
                                  "version. Start over with --overwrite.",
                                  file.path().string(), key));
}

int64_t integer(const io::Safetensors& file, const char* key) {
  const std::string& text = entry(file, key);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc() && end == text.data() + text.size() && value >= 0) return value;
  fail("train.state", fmt::format("{}: '{}' is '{}', not a count. The file is damaged; "
                                  "start over with --overwrite.",
                                  file.path().string(), key, text));
}

// As bits in two counts, so that comparisons after a resume are the same.
void put_real(std::map<std::string, std::string>& metadata, const std::string& key, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  metadata[key] = std::to_string(bits >> 1);
  metadata[key + "_low"] = std::to_string(bits & 1);
}

double real(const io::Safetensors& file, const std::string& key) {
  return std::bit_cast<double>(uint64_t(integer(file, key.c_str())) << 1 |
                               uint64_t(integer(file, (key + "_low").c_str()) & 1));
}

// Of all notes and tensors. Half-written files never get the state's name, but disks forget.
std::string checksum(std::map<std::string, std::string> notes,
                     const std::map<std::string, std::span<const std::byte>>& tensors) {
  notes.erase(kChecksum);
  std::string text;
  for (const auto& [key, value] : notes) text += key + '\0' + value + '\0';
  for (const auto& [name, bytes] : tensors) text += name + '\0' + sha256(bytes) + '\0';
  return sha256(std::as_bytes(std::span(text)));
}

// Before anything else is looked at, which another version may have in another form.
void check_version(const io::Safetensors& file) {
  if (!file.metadata().contains(kVersion)) return;
  io::check_format_version(integer(file, kVersion), kStateVersion, file.path().string(),
                           "go on with the build that wrote it, or start over with --overwrite");
}

// States of versions that wrote none pass.
void check_whole(const io::Safetensors& file) {
  check_version(file);
  const auto& notes = file.metadata();
  const auto written = notes.find(kChecksum);
  if (written == notes.end()) return;
  std::map<std::string, std::span<const std::byte>> tensors;
  for (const io::SafetensorsTensor& tensor : file.tensors()) tensors[tensor.name] = tensor.bytes;
  if (checksum({notes.begin(), notes.end()}, tensors) == written->second) return;
  fail("train.state", fmt::format("{} does not match its checksum. The file is damaged; start over "
                                  "with --overwrite.",
                                  file.path().string()));
}

}  // namespace

void save_state(const std::filesystem::path& path, const TrainStateView& s,
                const Identity& identity) {
  std::map<std::string, std::string> metadata{
      {kVersion, std::to_string(kStateVersion)},
      {"step", std::to_string(s.step)},
      {"best_step", std::to_string(s.best_step)},
      {"without_gain", std::to_string(s.without_gain)},
      {"tokens", std::to_string(s.tokens)},
      {"examples", std::to_string(s.examples)},
      {"microseconds", std::to_string(s.microseconds)},
      {"evaluation_due", std::to_string(int(s.evaluation_due))},
      {"given", to_text(identity.given)},
      {"options", to_text(identity.options)}};
  put_real(metadata, "last_loss", s.last_loss);
  if (s.best_metric) put_real(metadata, "best_metric", *s.best_metric);
  std::vector<io::SafetensorsOutput> tensors;
  const auto add = [&](const char* name, std::span<const float> values) {
    tensors.push_back({name, "F32", {int64_t(values.size())}, std::as_bytes(values)});
  };
  tensors.push_back(
      {"rows", "U64", {int64_t(identity.rows.size())}, std::as_bytes(std::span(identity.rows))});
  add("values", s.values);
  add("m", s.m);
  add("v", s.v);
  if (!s.best.empty()) add("best", s.best);
  std::map<std::string, std::span<const std::byte>> bytes;
  for (const io::SafetensorsOutput& tensor : tensors) bytes[tensor.name] = tensor.bytes;
  metadata[kChecksum] = checksum(metadata, bytes);
  io::write_safetensors(path, tensors, metadata);
}

Identity load_identity(const std::filesystem::path& path) {
  const auto file = io::Safetensors::open(path);
  check_whole(file);
  Identity identity;
  identity.given = named_values(entry(file, "given"), path.string());
  identity.options = named_values(entry(file, "options"), path.string());
  const io::SafetensorsTensor& rows = file.tensor("rows");
  if (rows.dtype != "U64" || rows.shape.size() != 1) {
    fail("train.state", fmt::format("{}: expected a list of U64 values. The file is damaged; start "
                                    "over with --overwrite.",
                                    rows.place));
  }
  identity.rows.resize(size_t(rows.shape[0]));
  if (!identity.rows.empty()) {
    std::memcpy(identity.rows.data(), rows.bytes.data(), rows.bytes.size());
  }
  return identity;
}

TrainState load_state(const std::filesystem::path& path, size_t size) {
  const auto file = io::Safetensors::open(path);
  check_version(file);
  TrainState s;
  s.step = integer(file, "step");
  s.best_step = integer(file, "best_step");
  s.without_gain = integer(file, "without_gain");
  s.tokens = integer(file, "tokens");
  s.examples = integer(file, "examples");
  s.microseconds = integer(file, "microseconds");
  s.evaluation_due = integer(file, "evaluation_due") != 0;
  s.last_loss = real(file, "last_loss");
  if (file.metadata().contains("best_metric")) s.best_metric = real(file, "best_metric");
  s.values = read_array(file, "values", size);
  s.m = read_array(file, "m", size);
  s.v = read_array(file, "v", size);
  if (s.best_metric) s.best = read_array(file, "best", size);
  return s;
}

}  // namespace relatum::train
