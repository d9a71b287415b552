// Damaged, foreign and absent models, adapters and indexes: one sentence each, nothing written.
#include <algorithm>
#include <cstring>
#include <limits>

#include "app/workbench.h"
#include "support/damaged.h"

namespace relatum::testing {
namespace {

constexpr uint64_t kHuge = uint64_t{1} << 60;

std::string little_endian(uint64_t value) {
  std::string bytes(8, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[i] = char(value >> (8 * i));
  return bytes;
}

class BadModel : public Workbench {
 protected:
  // Extraction with the model is refused, and so is what else would read it.
  void refused_model(const std::string& model, const std::vector<std::string>& parts) const {
    refused(extract("p.jsonl", plain(), model), parts);
  }
  std::string gguf(const std::string& bytes) const { return write("model.gguf", bytes); }
  // The tiny GGUF with eight bytes replaced.
  std::string patched(size_t place, uint64_t value) const {
    return gguf(contents(kOtherModel).replace(place, 8, little_endian(value)));
  }
  // Where the description of a tensor with two dimensions has its first length.
  size_t shape_of(const std::string& tensor) const {
    return contents(kOtherModel).find(tensor) + tensor.size() + sizeof(uint32_t);
  }
  std::string folder_with(const std::string& file, const std::string& text) const {
    fs::remove_all(path("model"));
    copy(kModel, "model");
    write("model/" + file, text);
    return path("model");
  }
  // The tiny model's safetensors with a changed header.
  template <class Change>
  std::string with_header(const Change& change) const {
    const std::string whole = contents(kModel + "/model.safetensors");
    uint64_t size = 0;
    std::memcpy(&size, whole.data(), sizeof size);
    json header = json::parse(whole.substr(8, size));
    change(header["model.norm.weight"]);
    const std::string text = header.dump();
    return folder_with("model.safetensors",
                       little_endian(text.size()) + text + whole.substr(8 + size));
  }
};

TEST_F(BadModel, CutGguf) {
  const std::string whole = contents(kOtherModel);
  for (const size_t size : {size_t{0}, size_t{3}, size_t{7}, size_t{20}, size_t{24}, size_t{100},
                            size_t{1000}, size_t{5000}, whole.size() / 2, whole.size() - 1}) {
    SCOPED_TRACE(size);
    refused_model(gguf(whole.substr(0, size)), {"model.gguf"});
  }
  refused({"inspect", gguf(whole.substr(0, 5000))}, {"model.gguf", "tensor"});
  refused({"tokenize", "--model", gguf(whole.substr(0, 1000)), "--text", "a"}, {"model.gguf"});
}

TEST_F(BadModel, CountsOf2To60) {
  refused_model(patched(8, kHuge), {"model.gguf", "tensors", "1,152,921,504,606,846,976"});
  refused_model(patched(16, kHuge), {"model.gguf", "keys", "1,152,921,504,606,846,976"});
  refused_model(patched(24, kHuge), {"model.gguf"});  // the length of the first key
  refused_model(patched(shape_of("blk.0.attn_q.weight"), kHuge),
                {"model.gguf", "blk.0.attn_q.weight", "impossible"});
}

TEST_F(BadModel, SizesThatDisagree) {
  refused_model(patched(shape_of("blk.0.attn_q.weight"), 16),
                {"model.gguf", "blk.0.attn_q.weight", "expected 32 x 32", "got 32 x 16"});
  refused_model(with_header([](json& tensor) { tensor["shape"] = {31}; }),
                {"model.safetensors", "model.norm.weight"});
  refused_model(with_header([](json& tensor) { tensor["shape"] = {kHuge}; }),
                {"model.safetensors", "model.norm.weight"});
}

TEST_F(BadModel, OffsetsPastTheEnd) {
  const size_t offset = shape_of("blk.0.attn_q.weight") + 2 * 8 + 4;
  for (const uint64_t place : {uint64_t{1} << 40, ~uint64_t{31}}) {
    refused_model(patched(offset, place), {"model.gguf", "blk.0.attn_q.weight", "ends"});
  }
  refused_model(with_header([](json& tensor) { tensor["data_offsets"][1] = kHuge; }),
                {"model.safetensors", "model.norm.weight"});
  refused_model(folder_with("model.safetensors", little_endian(kHuge) + "{}"),
                {"model.safetensors", "1,152,921,504,606,846,976"});
}

TEST_F(BadModel, EmptyCutAndDeepFiles) {
  const std::string deep = std::string(100000, '[') + std::string(100000, ']');
  for (const char* file :
       {"config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"}) {
    SCOPED_TRACE(file);
    refused_model(folder_with(file, ""), {file});
    refused_model(folder_with(file, deep), {file});
    refused_model(folder_with(file, contents(kModel + "/" + file).substr(0, 60)), {file});
  }
}

TEST_F(BadModel, SettingsThatCannotBe) {
  for (const char* key : {"hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size",
                          "max_position_embeddings"}) {
    for (const json& value : {json(0), json(-1), json(kHuge), json("many")}) {
      json config = json::parse(contents(kModel + "/config.json"));
      config[key] = value;
      refused_model(folder_with("config.json", config.dump()), {path("model")});
    }
  }
}

TEST_F(BadModel, NoModelOfThatKind) {
  refused_model("nothing", {"no model 'nothing'"});
  refused_model(folder_.path().string(), {folder_.path().string(), "config.json"});
  refused_model(path("rows.jsonl"), {"rows.jsonl", "GGUF"});
  refused_model(kEmbedder, {kEmbedder, "encoder"});
  Arguments training = finetune("run");
  training[2] = kEmbedder;
  refused(training, {kEmbedder, "encoder"});
  Arguments indexing = index("index");
  indexing[2] = kModel;
  refused(indexing, {kModel, "language model"});
  refused({"inspect", path("absent")}, {"absent"});
}

TEST_F(BadModel, FolderThatMayNotBeRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everywhere; run as another user";
  copy(kModel, "locked/model");
  fs::permissions(path("locked"), fs::perms::none);
  const Outcome outcome = run_program(extract("p.jsonl", plain(), path("locked/model")));
  fs::permissions(path("locked"), fs::perms::owner_all);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(sentences(outcome.err), 1) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr(path("locked/model")));
  EXPECT_THAT(outcome.err, HasSubstr("permissions"));
}

TEST_F(BadModel, AdapterOfAnotherModel) {
  done(finetune("run"));
  const Arguments adapter = {"--adapter", path("run")};
  refused(extract("p.jsonl", adapter, kOtherModel), {path("run"), "has other weights", "--force"});
  refused(extract("p.jsonl", adapter + Arguments{"--base", "f32"}), {path("run"), "base format"});
  refused(extract("p.jsonl", adapter + Arguments{"--prompt", path("example.txt")}),
          {path("run"), "prompt style", "plain.txt", "example.txt"});
  fs::remove(path("run/run.json"));  // as PEFT leaves it
  refused(extract("p.jsonl", adapter), {"run.json", "--prompt"});
  json config = json::parse(read("run/adapter_config.json"));
  config["r"] = 3;
  write("run/adapter_config.json", config.dump());
  refused(extract("p.jsonl", adapter + plain()), {"adapter_model.safetensors"});
}

TEST_F(BadModel, DamagedAdapter) {
  done(finetune("run"));
  const Arguments adapted = extract("p.jsonl", {"--adapter", path("run")});
  for (const char* file :
       {"adapter_model.safetensors", "adapter_config.json", "run.json", "labels.json"}) {
    SCOPED_TRACE(file);
    const std::string name = std::string("run/") + file, whole = read(name);
    for (const std::string& text : {std::string(), whole.substr(0, whole.size() / 2)}) {
      write(name, text);
      refused(adapted, {file});
    }
    write(name, whole);
  }
  refused(extract("p.jsonl", Arguments{"--adapter", path("absent")} + plain()), {"absent"});
}

TEST_F(BadModel, WeightsThatAreNoNumbers) {
  const float bad = std::numeric_limits<float>::quiet_NaN();
  const std::string tensor = "model.layers.1.mlp.up_proj.weight";
  damaged(kModel, path("model"), tensor, bad);
  for (const std::string answer : {"scored", "shares", "constrained", "free"}) {
    refused(
        extract("p.jsonl", plain() + Arguments{"--base", "f32", "--answer", answer}, path("model")),
        {path("model"), "layer 2 of 2", tensor});
  }
  refused(extract("p.jsonl", plain(), path("model")), {tensor, "not a finite number"});
  Arguments training = finetune("run", {"--base", "f32"});
  training[2] = path("model");
  const Outcome outcome = run_program(training);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_THAT(outcome.err, HasSubstr("layer 2 of 2"));
  EXPECT_THAT(outcome.err, HasSubstr(tensor));
  EXPECT_FALSE(there("run/adapter_model.safetensors"));
  const std::string dense = "encoder.layer.1.intermediate.dense.weight";
  damaged(kEmbedder, path("embedder"), dense, bad);
  refused({"embed", "--embedder", path("embedder"), "--data", path("rows.jsonl"), "--out",
           path("e.npy")},
          {path("embedder"), "layer 2 of 2", dense});
  Arguments indexing = index("index");
  indexing[2] = path("embedder");
  refused(indexing, {path("embedder"), "layer 2 of 2", dense});
}

TEST_F(BadModel, FilesOfOtherKindsAreNamed) {
  copy(kModel, "model");
  fs::remove(path("model/expected.safetensors"));  // the fixture's own, no weights of a model
  fs::rename(path("model/model.safetensors"), path("model/pytorch_model.bin"));
  refused_model(path("model"), {path("model"), "pytorch_model.bin", "save_pretrained"});
  refused({"inspect", path("model")}, {"pytorch_model.bin"});
  fs::remove(path("model/config.json"));
  fs::remove(path("model/pytorch_model.bin"));
  refused_model(path("model"), {path("model"), "only a tokenizer"});
}

TEST_F(BadModel, AnAdapterBesideItsBase) {
  done(finetune("run"));
  copy(kModel, "model");
  for (const char* file : {"adapter_model.safetensors", "adapter_config.json"}) {
    write(std::string("model/") + file, read(std::string("run/") + file));
  }
  done(extract("p.jsonl", {"--adapter", path("run")}, path("model")));
  const std::string shown = done({"inspect", path("model")}).out;
  EXPECT_THAT(shown, HasSubstr("adapter       "));
  EXPECT_THAT(shown, HasSubstr("architecture  llama"));
}

TEST_F(BadModel, IndexOfAnotherEmbedder) {
  done(index("index"));
  copy(kEmbedder, "other");
  std::string weights = read("other/model.safetensors");
  weights.back() = char(weights.back() ^ 1);
  write("other/model.safetensors", weights);
  const Arguments other = {"--index", path("index"), "--embedder", path("other")};
  refused(extract("p.jsonl", plain() + other), {path("index"), "'bert'", "other"});
  refused(prepare("p.jsonl", plain() + other), {path("index"), "'bert'", "other"});
  refused(finetune("run", other), {path("index"), "'bert'", "other"});
  // The hash is looked at first: what else is wrong with another model does not matter.
  refused(prepare("p.jsonl", plain() + Arguments{"--index", path("index"), "--embedder", kModel}),
          {path("index"), "'bert'", kModel});
  refused(prepare("p.jsonl", plain() + Arguments{"--index", path("index")}),
          {"embedder 'bert'", "--embedder"});
}

TEST_F(BadModel, EmbedderOfOtherSettings) {
  done(index("index"));
  const std::string other = copy(kEmbedder, "bert");
  const Arguments with = {"--index", path("index"), "--embedder", other};
  done(prepare("p.jsonl", plain() + with));
  write("bert/1_Pooling/config.json", R"({"pooling_mode_cls_token": true})");
  refused(prepare("q.jsonl", plain() + with),
          {path("index"), "'bert'", "now say 'cls, normalised, 48 tokens'"});
}

TEST_F(BadModel, BaseOfOtherSettingsOrTokenizer) {
  const std::string base = copy(kModel, "model");
  const auto set = [&](const std::string& file, const std::string& key, const json& value) {
    json settings = json::parse(read("model/" + file));
    settings[key] = value;
    write("model/" + file, settings.dump());
  };
  Arguments training = finetune("run");
  std::replace(training.begin(), training.end(), kModel, base);
  done(training);
  write("model/before.json", read("model/config.json"));
  const Arguments extraction{"extract",   "--adapter", path("run"), "--data", path("rows.jsonl"),
                             "--compute", "f32",       "--threads", "1"};
  const std::string before = done(extraction).out;
  set("config.json", "transformers_version", "9.9");  // nobody reads it
  set("tokenizer.json", "truncation", json::object());
  set("config.json", "attention_bias", false);  // as it is where it is left out
  set("config.json", "max_position_embeddings", 300);
  json moved = json::parse(read("model/config.json"));
  moved["rope_parameters"] = {{"rope_theta", moved["rope_theta"]}, {"rope_type", "default"}};
  moved.erase("rope_theta");
  write("model/config.json", moved.dump());
  json pairs = json::parse(read("model/tokenizer.json"));
  for (json& merge : pairs["model"]["merges"]) {
    if (!merge.is_string()) continue;
    const std::string both = merge;
    const size_t blank = both.find(' ');
    merge = {both.substr(0, blank), both.substr(blank + 1)};
  }
  write("model/tokenizer.json", pairs.dump());
  EXPECT_EQ(done(extraction).out, before);
  set("config.json", "rope_parameters", nullptr);
  const std::string config = read("model/config.json");
  set("config.json", "rope_theta", 123.0);
  refused(extraction, {path("run"), "rotary frequencies"});
  EXPECT_THAT(done(extraction + Arguments{"--force"}).err, HasSubstr("rotary frequencies"));
  set("config.json", "rope_theta", json::parse(config)["rope_theta"]);
  set("config.json", "rms_norm_eps", 0.01);
  refused(extraction, {path("run"), "rms_norm_eps", "0.01"});
  write("model/config.json", read("model/before.json"));
  json tokenizer = json::parse(read("model/tokenizer.json"));
  std::swap(tokenizer["model"]["merges"][0], tokenizer["model"]["merges"][1]);
  write("model/tokenizer.json", tokenizer.dump());
  refused(extraction, {path("run"), "tokenizer"});
}

TEST_F(BadModel, BaseOfAnotherChatTemplate) {
  const std::string base = copy(kModel, "model");
  json settings = json::parse(read("model/tokenizer_config.json"));
  const std::string after = "{{ '<|im_start|>' + messages[0].content }}";
  settings["chat_template"] = "{{ '<|im_start|>system\nin the end<|im_end|>' }}" + after;
  write("model/tokenizer_config.json", settings.dump());
  Arguments training = finetune("run", {"--chat"});
  std::replace(training.begin(), training.end(), kModel, base);
  done(training);
  const Arguments extraction{"extract",   "--adapter", path("run"), "--data", path("rows.jsonl"),
                             "--compute", "f32",       "--threads", "1"};
  done(extraction);
  settings["chat_template"] = "{{ '<|im_start|>system\nof rain<|im_end|>' }}" + after;
  write("model/tokenizer_config.json", settings.dump());
  refused(extraction, {path("run"), "chat template"});
}

TEST_F(BadModel, DamagedIndex) {
  refused(prepare("p.jsonl", plain() + with_index()), {path("index"), "relatum index"});
  done(index("index"));
  for (const char* file : {"index.json", "index.faiss", "examples.jsonl", "labels.json"}) {
    SCOPED_TRACE(file);
    const std::string name = std::string("index/") + file, whole = read(name);
    for (const std::string& text : {std::string(), whole.substr(0, whole.size() / 2)}) {
      write(name, text);
      refused(prepare("p.jsonl", plain() + with_index()), {file});
    }
    write(name, whole);
  }
}

}  // namespace
}  // namespace relatum::testing
