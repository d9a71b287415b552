// The PEFT fixture's folder as tests change it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "io/json.h"
#include "support/temporary.h"
#include "support/training.h"

namespace relatum::testing {

using nlohmann::json;

class Peft : public ::testing::Test {
 protected:
  void SetUp() override {
    std::filesystem::copy(fixture("llama/lora"), path());
    config_ = io::load_json(path() / "adapter_config.json");
  }
  std::filesystem::path path() const { return folder_ / "lora"; }
  std::filesystem::path tensors_path() const { return path() / "adapter_model.safetensors"; }
  std::unique_ptr<train::Adapter> load_adapter() {
    return train::load_peft(path(), *model_, DType::kF32);
  }
  void set(const std::string& key, const json& value) {
    json changed = config_;
    changed[key] = value;
    write_file(path() / "adapter_config.json", io::dump_json(changed));
  }
  // Writes the fixture's tensors again after `change` had its way with them.
  void rewrite(const std::function<void(std::vector<io::SafetensorsOutput>&)>& change) {
    const auto file = io::Safetensors::open(fixture("llama/lora/adapter_model.safetensors"));
    std::vector<io::SafetensorsOutput> tensors;
    for (const auto& t : file.tensors()) tensors.push_back({t.name, t.dtype, t.shape, t.bytes});
    change(tensors);
    io::write_safetensors(tensors_path(), tensors);
  }
  void expect_refused(const std::string& what) {
    EXPECT_THAT([&] { load_adapter(); },
                ::testing::ThrowsMessage<Error>(::testing::AllOf(
                    ::testing::HasSubstr(path().string()), ::testing::HasSubstr(what))));
  }

  TemporaryFolder folder_;
  std::unique_ptr<arch::Model> model_ = load(fixture("llama/tied"));
  json config_;
};

}  // namespace relatum::testing
