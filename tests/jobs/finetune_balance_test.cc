// --negatives and --label-weights: which rows they concern, and what a run keeps of them.
#include "jobs/finetune_balance.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "desk.h"
#include "jobs/finetune.h"
#include "jobs/finetune_folds.h"
#include "support/error_of.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::Pair;

class BalanceJob : public Desk {
 protected:
  struct Made {
    jobs::FinetuneData data;
    jobs::FinetuneRows rows;
  };
  // The corpus has 3, 3, 2 and 2 rows of its four labels; those of the last are 5 and 8.
  Made make(const jobs::FinetuneOptions& options) {
    Made made;
    made.data = jobs::load_finetune_data(options, host_);
    const task::PromptRenderer renderer(task::load_style(options.prompt), made.data.train.labels);
    const auto session = jobs::open_language_model(options.model.path(host_),
                                                   options.model.session());
    made.rows = jobs::make_finetune_rows(options, made.data, *session, renderer, host_);
    return made;
  }
  std::string error(const jobs::FinetuneOptions& options) {
    return error_of([&] { jobs::load_finetune_data(options, host_); });
  }
  json record(const std::string& run) const { return json::parse(read(run + "/run.json")); }
};

// scikit-learn's compute_class_weight("balanced", classes=[0,1,2,3], y=[0]*3+[1]*3+[2]*2+[3]*2)
// gives 0.8333…, 0.8333…, 1.25, 1.25.
TEST(Balanced, AreTheWeightsOfScikitLearn) {
  const auto weights = jobs::balanced_weights({{"a", 3}, {"b", 3}, {"c", 2}, {"d", 2}});
  EXPECT_DOUBLE_EQ(weights.at("a"), 10.0 / 12);
  EXPECT_DOUBLE_EQ(weights.at("c"), 1.25);
  double sum = 0;
  for (const auto& [label, count] :
       std::map<std::string, int64_t>{{"a", 3}, {"b", 3}, {"c", 2}, {"d", 2}}) {
    sum += double(count) * weights.at(label);
  }
  EXPECT_DOUBLE_EQ(sum, 10);  // a mean weight of one
}

TEST_F(BalanceJob, NegativesAreThoseOfTheNegativeLabel) {
  jobs::FinetuneOptions options = teach();
  options.negatives = 0.125;  // of 8 others
  const Made made = make(options);
  EXPECT_THAT(made.rows.thinned.rows, ElementsAre(4, 7));
  EXPECT_EQ(made.rows.thinned.kept, 1);
  EXPECT_THAT(::testing::PrintToString(lines_), HasSubstr("each epoch has 1, drawn anew"));
  options.negative = "part-of";
  options.negatives = 0.29;  // 0.29 * 7 = 2.03
  const Made named = make(options);
  EXPECT_THAT(named.rows.thinned.rows, ElementsAre(1, 3, 6));
  EXPECT_EQ(named.rows.thinned.kept, 2);
  options.negatives = 5;
  EXPECT_TRUE(make(options).rows.thinned.rows.empty());
  EXPECT_THAT(lines_.back(), HasSubstr("leaves nothing out"));
}

TEST_F(BalanceJob, NegativesNeedALabelAndOthersBesideIt) {
  auto rows = corpus();
  for (json& each : rows) {
    if (each["label"] == "no_relation") each["label"] = "nothing";
  }
  jobs::FinetuneOptions options = teach();
  options.train = write_rows("plain.jsonl", rows);
  options.negatives = 1;
  EXPECT_THAT(error(options), HasSubstr("Name theirs with --negative"));
  options.negative = "nothing";
  EXPECT_EQ(error(options), "");
  for (json& each : rows) each["label"] = "nothing";
  options.train = write_rows("alone.jsonl", rows);
  EXPECT_THAT(error(options), HasSubstr("every training example has the label 'nothing'"));
}

// They were there when the data were read.
TEST_F(BalanceJob, NegativesNeedOthersThatFit) {
  auto rows = corpus();
  for (json& each : rows) {
    if (each["label"] == "no_relation") continue;
    std::string text = each["text"];
    for (int word = 0; word < 300; ++word) text += " on";
    each["text"] = text;
  }
  jobs::FinetuneOptions options = teach();
  options.train = write_rows("long.jsonl", rows);
  options.data.skip_bad_rows = true;
  options.negatives = 1;
  EXPECT_THAT(error_of([&] { make(options); }), HasSubstr("that fits into the model's context"));
}

TEST_F(BalanceJob, WeightsGoToTheRowsByTheirLabel) {
  jobs::FinetuneOptions options = teach();
  options.label_weights = "balanced";
  const Made made = make(options);
  EXPECT_FLOAT_EQ(made.rows.train[0].weight, float(10.0 / 12));
  EXPECT_FLOAT_EQ(made.rows.train[4].weight, 1.25f);
  EXPECT_EQ(made.rows.weights.size(), 4u);
  // Of the rows that an epoch has: 9, of which one is a negative.
  options.negatives = 0.125;
  const Made thinned = make(options);
  EXPECT_FLOAT_EQ(thinned.rows.train[4].weight, float(9.0 / 4));
  EXPECT_FLOAT_EQ(thinned.rows.train[0].weight, float(9.0 / 12));
  options.negatives = 0;  // eight rows of three labels
  EXPECT_THAT(make(options).rows.weights,
              ElementsAre(Pair("causes(e1,e2)", 8.0 / 9), Pair("causes(e2,e1)", 8.0 / 6),
                          Pair("part-of", 8.0 / 9)));
}

TEST_F(BalanceJob, AFileNamesWeightsAndTheRestWeighOne) {
  jobs::FinetuneOptions options = teach();
  options.label_weights = write("w.json", R"({"part-of": 2.5, "no_relation": 0.5})");
  const Made made = make(options);
  EXPECT_EQ(made.rows.train[0].weight, 1.0f);
  EXPECT_EQ(made.rows.train[1].weight, 2.5f);
  EXPECT_EQ(made.rows.train[4].weight, 0.5f);
  EXPECT_THAT(::testing::PrintToString(lines_), HasSubstr("causes(e1,e2)"));
  const std::pair<const char*, const char*> bad[] = {
      {R"({"part-off": 1})", "part-of"},    {R"({"part-of": 0})", "above 0"},
      {R"({"part-of": -1})", "above 0"},    {R"({"part-of": "2"})", "part-of"},
      {R"({"part-of": 1e300})", "at most"}, {R"({})", "JSON object"},
      {R"([1, 2])", "JSON object"},         {R"({"part-of":)", "w.json"}};
  for (const auto& [text, part] : bad) {
    options.label_weights = write("w.json", text);
    EXPECT_THAT(error(options), AllOf(HasSubstr("w.json"), HasSubstr(part))) << text;
  }
  options.label_weights = path("absent.json");
  EXPECT_THAT(error(options), HasSubstr("absent.json"));
}

TEST_F(BalanceJob, ARunRecordsThemAndGoesOnBitForBit) {
  jobs::FinetuneOptions options = teach();
  options.negatives = 0.125;
  options.label_weights = "balanced";
  options.batch_tokens = 64;
  options.training.epochs = 3;
  options.holdout = 2;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  const json whole = record("run");
  EXPECT_EQ(whole["negatives"], 0.125);
  EXPECT_EQ(whole["negatives_label"], "no_relation");
  EXPECT_EQ(whole["label_weights"], "balanced");
  EXPECT_GT(whole["label_weights_used"].size(), 2u);
  options.out = path("again");
  train_until(4, options);
  jobs::FinetuneOptions other = options;
  other.negatives.reset();
  EXPECT_THAT(error_of([&] { jobs::finetune(other, host_); }),
              HasSubstr("--negatives was 0.125 of 'no_relation' and is now nothing"));
  other = options;
  other.label_weights.clear();
  EXPECT_THAT(error_of([&] { jobs::finetune(other, host_); }), HasSubstr("--label-weights was {"));
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("again/adapter_model.safetensors"), read("run/adapter_model.safetensors"));
}

TEST_F(BalanceJob, TheyChangeWhatIsLearned) {
  jobs::FinetuneOptions options = teach();
  jobs::finetune(options, host_);
  const std::string plain = read("run/adapter_model.safetensors");
  options.out = path("weighted");
  options.label_weights = "balanced";
  jobs::finetune(options, host_);
  EXPECT_NE(read("weighted/adapter_model.safetensors"), plain);
  options = teach();
  options.out = path("thinned");
  options.negatives = 0.125;
  const auto result = jobs::finetune(options, host_);
  EXPECT_EQ(result.training.examples, 9);
  EXPECT_NE(read("thinned/adapter_model.safetensors"), plain);
}

// An encoder-decoder's rows weigh, thin out and start as a decoder's do.
TEST_F(BalanceJob, AnEncoderDecoderHasAllOfIt) {
  const T5Folder folder(t5_options().at("first"));
  jobs::FinetuneOptions options = teach();
  options.model.model = folder.path().string();
  options.prompt = write("one.txt", "{{head}} {{tail}}");
  auto rows = corpus();  // its vocabulary has small letters alone
  for (json& each : rows) {
    if (each["label"] == kLabels[0]) each["label"] = "causes";
    if (each["label"] == kLabels[2]) each["label"] = "follows";
  }
  options.train = write_rows("letters.jsonl", rows);
  const auto adapter = [&](const std::string& out) {
    options.out = path(out);
    EXPECT_TRUE(jobs::finetune(options, host_).finished);
    return read(out + "/adapter_model.safetensors");
  };
  const std::string plain = adapter("run");
  options.label_weights = "balanced";
  EXPECT_NE(adapter("weighted"), plain);
  options.label_weights.clear();
  options.init_adapter = path("run");
  options.learning_rate = 1e-30;
  EXPECT_EQ(adapter("second"), plain);
  options.init_adapter.clear();
  options.negatives = 0.125;
  options.folds = 2;
  options.out = path("folds");
  const jobs::FoldsResult result = jobs::finetune_folds(options, host_);
  EXPECT_TRUE(result.finished);
  EXPECT_EQ(read_rows("folds/predictions.jsonl").size(), 10u);
}

}  // namespace
}  // namespace relatum::testing
