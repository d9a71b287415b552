// Which files of a folder are the model, and what is said of folders that hold none.
#include "arch/model_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "support/models.h"
#include "support/temporary.h"

namespace relatum::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

class Place : public ::testing::Test {
 protected:
  void put(const std::string& name, const std::string& text = "x") {
    write_file(folder_ / name, text);
  }
  void expect_said(const std::vector<std::string>& names, const std::string& first,
                   const std::string& second = "") {
    for (const auto& entry : fs::directory_iterator(folder_.path())) fs::remove(entry.path());
    for (const std::string& name : names) put(name);
    EXPECT_THAT([&] { arch::model_place(folder_.path()); },
                ThrowsMessage<Error>(AllOf(HasSubstr(folder_.path().string()), HasSubstr(first),
                                           HasSubstr(second))));
  }
  TemporaryFolder folder_;
};

TEST_F(Place, WeightsInOtherFormsAreNamed) {
  expect_said({"config.json", "pytorch_model.bin"}, "pytorch_model.bin", "save_pretrained");
  expect_said(
      {"config.json", "pytorch_model-00001-of-00002.bin", "pytorch_model-00002-of-00002.bin"},
      "00002-of-00002", "PyTorch");
  expect_said({"config.json", "consolidated.00.pth"}, "consolidated.00.pth", "PyTorch");
  expect_said({"config.json", "model.pt"}, "model.pt", "PyTorch");
  expect_said({"config.json", "tf_model.h5"}, "tf_model.h5", "from_tf=True");
  expect_said({"config.json", "flax_model.msgpack"}, "flax_model.msgpack", "from_flax=True");
  expect_said({"config.json", "model.onnx"}, "model.onnx", "ONNX");
  expect_said({"pytorch_model.bin"}, "neither config.json nor a GGUF", "pytorch_model.bin");
}

TEST_F(Place, PartsOfAModelAreNamed) {
  expect_said({"config.json"}, "no weights");
  expect_said({"config.json", "training_args.bin", "optimizer.pt"}, "no weights");
  expect_said({"tokenizer.json", "tokenizer_config.json"}, "only a tokenizer", "tokenizer.json");
  expect_said({"adapter_config.json", "adapter_model.safetensors"}, "adapter", "--adapter");
  expect_said({"config.json", "model-00001-of-00002.safetensors"},
              "model-00001-of-00002.safetensors", "index");
  expect_said({"config.json", "model.fp16.safetensors"}, "model.fp16.safetensors");
  expect_said({}, "neither config.json nor a GGUF");
  expect_said({"config.json", "a.gguf", "b.gguf"}, "several GGUF files", "a.gguf, b.gguf");
}

TEST_F(Place, PartsAndProjectorsOpenNoModel) {
  for (const char* name : {"big-00002-of-00003.gguf", "mmproj-big.gguf"}) {
    EXPECT_FALSE(arch::opens_model(name)) << name;
    put(name);
  }
  for (const char* name : {"big-00001-of-00003.gguf", "big.gguf"}) {
    EXPECT_TRUE(arch::opens_model(name)) << name;
  }
  fs::copy_file(fixture("llama/tiny.gguf"), folder_ / "tiny.gguf");
  EXPECT_EQ(arch::model_place(folder_.path()), folder_ / "tiny.gguf");
}

TEST_F(Place, AFilesKindIsNamed) {
  for (const std::string name : {"pytorch_model.bin", "model.safetensors"}) {
    put(name);
    EXPECT_THAT([&] { arch::model_place(folder_ / name); }, ThrowsMessage<Error>(HasSubstr(name)));
  }
}

TEST_F(Place, WeightsComeBeforeAGguf) {
  put("config.json", "{}");
  fs::copy_file(fixture("llama/tiny.gguf"), folder_ / "a.gguf");
  EXPECT_EQ(arch::model_place(folder_.path()), folder_ / "a.gguf");
  put("model.safetensors");
  EXPECT_EQ(arch::model_place(folder_.path()), folder_.path());
}

TEST_F(Place, TheHashIsOfTheFilesThatAreRead) {
  const auto hash = [&] { return arch::weights_hash(arch::ModelFiles::open(folder_.path())); };
  for (const char* name : {"config.json", "model.safetensors"}) {
    fs::copy_file(fixture(std::string("llama/tied/") + name), folder_ / name);
  }
  const std::string plain = arch::weights_hash(arch::ModelFiles::open(fixture("llama/tied")));
  EXPECT_EQ(hash(), plain);
  for (const char* name :
       {"adapter_model.safetensors", "consolidated.safetensors", "a.gguf", "optimizer.safetensors",
        "state.safetensors", "pytorch_model.bin", "zz.safetensors"}) {
    put(name);
    EXPECT_EQ(hash(), plain) << name;
  }
}

}  // namespace
}  // namespace relatum::testing
