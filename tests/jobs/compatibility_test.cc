// What earlier builds wrote is opened and gives the answers that it gave then; other forms are
// refused with both versions. tools/fixtures/compatibility.py made the folders.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <utility>

#include "base/error.h"
#include "desk.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/run_record.h"
#include "retrieve/store.h"
#include "support/error_of.h"
#include "support/models.h"
#include "train/state.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;

// The name of a folder in tests/fixtures/compatibility.
class Written : public Desk, public ::testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    Desk::SetUp();
    const fs::path made = fixture("compatibility/" + GetParam());
    fs::copy(made, folder_ / "made", fs::copy_options::recursive);
  }
  std::string made(const std::string& name) const { return path("made/" + name); }
  std::vector<json> lines(const std::string& name) const { return read_rows("made/" + name); }
  jobs::FinetuneOptions resumed() const {
    jobs::FinetuneOptions options = teach();
    options.train = made("rows.jsonl");
    options.prompt = made("plain.txt");
    options.out = made("stopped");
    options.adapter.rank = 2;
    options.adapter.alpha = 4;
    options.learning_rate = 0.01;
    options.batch_tokens = 64;
    options.training.epochs = 8;
    options.resume = true;
    return options;
  }
};

// The run names its base, its index and its embedder by paths of another machine.
TEST_P(Written, ARunWithItsIndexGivesItsAnswers) {
  jobs::ExtractOptions options = ask();
  options.input = made("rows.jsonl");
  options.prompt = "";
  options.adapter = made("run");
  options.embedder = kEmbedder;
  options.scores = true;
  jobs::extract(options, host_);
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  const std::vector<json> got = json_lines(out_), want = lines("answers.jsonl");
  ASSERT_EQ(got.size(), want.size());
  const double bound = parity_bound(*load(kModel));
  const double near = parity_bound(*load(kEmbedder));
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_EQ(got[i]["label"], want[i]["label"]) << i;
    EXPECT_EQ(got[i]["neighbours"][0]["id"], want[i]["neighbours"][0]["id"]) << i;
    EXPECT_NEAR(got[i]["neighbours"][0]["similarity"].get<double>(),
                want[i]["neighbours"][0]["similarity"].get<double>(), 2 * near);
    // A label's probability is exp(s) over a sum; of n tokens s is at most n log V, and off by no
    // more than the bound's part of it, above and below.
    for (const auto& [label, probability] : want[i]["scores"].items()) {
      const double slack = 2 * bound * double(label.size() + 2) * std::log(128.0);
      EXPECT_NEAR(std::log(got[i]["scores"][label].get<double>()),
                  std::log(probability.get<double>()), slack)
          << i << label;
    }
  }
}

// As in trainer_test: a step's error moves the loss by at most rate * sqrt(N) * (relative bound of
// the gradient) * the gradient's norm.
TEST_P(Written, AStoppedTrainingGoesOn) {
  const auto state = io::Safetensors::open(made("stopped/state/state.safetensors"));
  const double numbers = double(state.tensor("values").shape[0]);
  const std::vector<json> want = lines("resumed.jsonl");
  const size_t done = lines("stopped/log.jsonl").size();
  EXPECT_TRUE(jobs::finetune(resumed(), host_).finished);
  const std::vector<json> log = lines("stopped/log.jsonl");
  const double bound = parity_bound(*load(kModel));
  ASSERT_GE(log.size(), done + want.size());
  ASSERT_FALSE(want.empty());
  double slack = want[0]["loss"].get<double>() * bound;
  for (size_t i = 0; i < want.size(); ++i) {
    const json& got = log[done + i];
    const double norm = want[i]["grad_norm"].get<double>();
    EXPECT_EQ(got["step"], want[i]["step"]);
    EXPECT_NEAR(got["loss"].get<double>(), want[i]["loss"].get<double>(), slack) << i;
    if (i == 0) {
      EXPECT_NEAR(got["grad_norm"].get<double>(), norm, 3 * bound * norm);
    }
    slack += got["lr"].get<double>() * std::sqrt(numbers) * 3 * bound * norm;
  }
  EXPECT_EQ(json::parse(read("made/stopped/run.json"))["format_version"], jobs::kRunVersion);
  EXPECT_LT(slack, 0.1);  // from step to step the loss changes by more
}

INSTANTIATE_TEST_SUITE_P(ByBuilds, Written, ::testing::Values("unnumbered"),
                         [](const auto& name) { return name.param; });

class OtherVersion : public Desk, public ::testing::WithParamInterface<int> {
 protected:
  void SetUp() override {
    Desk::SetUp();
    fs::copy(fixture("compatibility/unnumbered"), folder_ / "made", fs::copy_options::recursive);
  }
  // Writes a record of this version that has nothing else in the form that is read.
  std::string record(const std::string& name, json value, const char* key) const {
    value[key] = GetParam();
    return write("made/" + name, value.dump());
  }
  void expect_both_named(const std::function<void()>& read, const std::string& place) const {
    const std::string word = GetParam() < 1 ? "older than version 1" : "newer than version 1";
    EXPECT_THAT(error_of(read), AllOf(HasSubstr(place), HasSubstr(word),
                                      HasSubstr(fmt::format("version {} of", GetParam()))));
  }
};

TEST_P(OtherVersion, OfARunIsRefused) {
  record("run/run.json", json::object(), "format_version");
  jobs::ExtractOptions options = ask();
  options.adapter = path("made/run");
  expect_both_named([&] { jobs::extract(options, host_); }, "run.json");
}

TEST_P(OtherVersion, OfAnIndexIsRefused) {
  record("index/index.json", {{"format", "relatum-index"}}, "version");
  expect_both_named([&] { retrieve::load_store(path("made/index")); }, "index.json");
}

TEST_P(OtherVersion, OfAStateIsRefused) {
  const std::string file = path("made/stopped/state/state.safetensors");
  io::write_safetensors(file, {}, {{"format_version", std::to_string(GetParam())}});
  expect_both_named([&] { train::load_identity(file); }, "state.safetensors");
  expect_both_named([&] { train::load_state(file, 1); }, "state.safetensors");
}

INSTANTIATE_TEST_SUITE_P(Numbers, OtherVersion, ::testing::Values(0, 2));

// Characters of ASCII as Llama 2 has its pieces: a blank is put in front of any text.
json tokenizer_with_blank() {
  json vocabulary{{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}, {"\u2581", 3}};
  for (char c = '!'; c <= '~'; ++c) vocabulary[std::string(1, c)] = vocabulary.size();
  const auto special = [](int id, const char* name) {
    return json{{"id", id},        {"content", name}, {"single_word", false}, {"lstrip", false},
                {"rstrip", false}, {"special", true}, {"normalized", false}};
  };
  return {{"version", "1.0"},
          {"added_tokens", {special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")}},
          {"normalizer",
           {{"type", "Sequence"},
            {"normalizers",
             {{{"type", "Prepend"}, {"prepend", "\u2581"}},
              {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}}}}}},
          {"pre_tokenizer", nullptr},
          {"post_processor", nullptr},
          {"decoder", nullptr},
          {"model",
           {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", "<unk>"},
            {"fuse_unk", true},
            {"byte_fallback", false},
            {"vocab", vocabulary},
            {"merges", json::array()}}}};
}

// Before "completion_blanks" was recorded, answers had the tokenizer's blank and their own.
TEST_F(Desk, ARunThatLearnedTwoBlanksIsToldApart) {
  fs::copy(kModel, folder_ / "model");
  write("model/tokenizer.json", tokenizer_with_blank().dump());
  write("model/tokenizer_config.json", R"({"eos_token": "</s>"})");
  jobs::FinetuneOptions options = teach();
  options.model.model = path("model");
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  warnings_.clear();
  jobs::ExtractOptions asked = ask();
  asked.model.model = "";
  asked.prompt = "";
  asked.adapter = path("run");
  jobs::extract(asked, host_);
  EXPECT_THAT(warnings_, ::testing::IsEmpty());
  const std::string answers = std::exchange(out_, "");
  json record = json::parse(read("run/run.json"));
  ASSERT_EQ(record["completion_blanks"], 1);
  record.erase("completion_blanks");
  write("run/run.json", record.dump());
  EXPECT_THAT(error_of([&] { jobs::extract(asked, host_); }),
              AllOf(HasSubstr(asked.adapter), HasSubstr("two blanks"), HasSubstr("Train it again"),
                    HasSubstr("--force")));
  asked.force = true;
  jobs::extract(asked, host_);
  EXPECT_THAT(warnings_, ::testing::ElementsAre(HasSubstr("two blanks")));
  EXPECT_EQ(out_, answers);
}

// A later build has to be able to tell.
TEST_F(CorpusFolder, StatesSayTheirVersion) {
  const std::string file = path("state.safetensors");
  const std::vector<float> values(3);
  train::save_state(file, {{}, values, values, values, {}}, {});
  EXPECT_EQ(io::Safetensors::open(file).metadata().at("format_version"), "1");
}

}  // namespace
}  // namespace relatum::testing
