// A fixture's model with other settings, tensors and keys, and what it computes.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <list>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "io/json.h"
#include "support/gguf_writer.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

inline std::vector<int32_t> some_tokens() { return {5, 9, 17, 33, 65, 99}; }

inline std::vector<float> results_of(const fs::path& path) {
  const auto model = load(path, {.base = "f32"});
  const auto tokens = some_tokens();
  const Matrix<float> result = run(*model, single(tokens, model->info().causal));
  return {result.row(0), result.row(0) + result.rows() * result.cols()};
}

// Bit for bit.
inline void expect_equal(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a, b);
}

class ChangedModel : public ::testing::Test {
 protected:
  // A tensor beside those of a fixture; its values count up in small steps.
  struct Extra {
    std::string name;
    std::vector<int64_t> shape;
  };
  std::vector<float>& values(int64_t count) {
    std::vector<float>& kept = kept_.emplace_back();
    for (int64_t i = 0; i < count; ++i) kept.push_back(0.01f * float(i % 7) - 0.02f);
    return kept;
  }
  static int64_t size_of(const Extra& extra) {
    int64_t size = 1;
    for (const int64_t length : extra.shape) size *= length;
    return size;
  }

  // A fixture folder with changed settings, renamed tensors and more of them.
  fs::path folder(const json& settings, const std::vector<Extra>& extras = {},
                  const std::string& from = "llama/tied",
                  const std::function<std::string(std::string)>& name = {}) {
    json config = io::load_json(fixture(from + "/config.json"));
    for (const auto& [key, value] : settings.items()) config[key] = value;
    write_file(folder_ / "config.json", config.dump());
    const auto file = io::Safetensors::open_folder(fixture(from));
    std::vector<io::SafetensorsOutput> tensors;
    for (const auto& tensor : file.tensors()) {
      tensors.push_back(
          {name ? name(tensor.name) : tensor.name, tensor.dtype, tensor.shape, tensor.bytes});
    }
    for (const Extra& extra : extras) {
      tensors.push_back(
          {extra.name, "F32", extra.shape, std::as_bytes(std::span(values(size_of(extra))))});
    }
    io::write_safetensors(folder_ / "model.safetensors", tensors);
    return folder_.path();
  }

  // The tiny GGUF with more keys and tensors.
  fs::path gguf(const std::function<void(GgufWriter&)>& change) {
    const auto file = io::GgufFile::open(fixture("llama/tiny.gguf"));
    GgufWriter writer;
    for (const io::GgufEntry& entry : file.metadata()) {
      writer.set(std::string(entry.key), entry.value);
    }
    for (const io::GgufTensor& tensor : file.tensors()) {
      writer.add_tensor(tensor.name, tensor.type, tensor.shape, tensor.bytes);
    }
    change(writer);
    writer.write(folder_ / "model.gguf");
    return folder_ / "model.gguf";
  }
  void add(GgufWriter& writer, const Extra& extra) {
    writer.add_tensor(extra.name, 0, extra.shape, std::as_bytes(std::span(values(size_of(extra)))));
  }

  static void expect_refused(const fs::path& path, const std::string& part) {
    EXPECT_THAT([&] { load(path); }, ThrowsMessage<Error>(HasSubstr(part)));
  }

  std::list<std::vector<float>> kept_;
  TemporaryFolder folder_;
};

}  // namespace relatum::testing
