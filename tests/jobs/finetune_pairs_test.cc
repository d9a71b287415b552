// One pass over a sentence for its entities and all its pairs: from documents to documents.
#include "jobs/finetune_pairs.h"

#include <algorithm>

#include "jobs/run_record.h"
#include "joint_desk.h"
#include "support/error_of.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class PairsJob : public JointDesk, public ::testing::WithParamInterface<const char*> {
 protected:
  jobs::FinetuneOptions teach_pairs(int64_t epochs = 80) const {
    jobs::FinetuneOptions options = teach_well(GetParam());
    options.model.base = "f32";
    options.task = "joint";
    options.head = "classifier";
    options.training.epochs = epochs;
    return options;
  }
  std::string refusal(const jobs::FinetuneOptions& options) {
    return error_of([&] { jobs::finetune(options, host_); });
  }
};

TEST_P(PairsJob, LearnsBothAndFindsThemAgain) {
  ASSERT_TRUE(jobs::finetune(teach_pairs(), host_).finished);
  const jobs::RunInfo run = jobs::read_run(path("run"));
  EXPECT_TRUE(run.joint);
  EXPECT_TRUE(jobs::reads_pairs(run));
  EXPECT_TRUE(there("run/pairs.safetensors"));
  EXPECT_FALSE(there("run/classifier.safetensors"));
  EXPECT_THAT(lines_, Contains(HasSubstr("6 training sentences with 4 pairs")));
  if (!jobs::has_own_model(run)) {
    EXPECT_THAT(read("run/README.md"), HasSubstr("`entities.safetensors` and `pairs.safetensors`"));
  }
  EXPECT_THAT(read("run/README.md"), Not(HasSubstr("`relatum calibrate`")));
  warnings_.clear();
  const auto rows = answers(ask_run());
  const auto gold = with_relations();
  ASSERT_EQ(rows.size(), gold.size());
  for (size_t i = 0; i < gold.size(); ++i) EXPECT_EQ(entities_of(rows[i]), entities_of(gold[i]));
  EXPECT_THAT(relations_of(rows[0]), ElementsAre("T1 works_for T2"));
  EXPECT_THAT(relations_of(rows[1]), ElementsAre("T1 left T2"));
  EXPECT_THAT(relations_of(rows[2]), ElementsAre());
  EXPECT_THAT(relations_of(rows[3]), ElementsAre("T2 works_for T3"));
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  jobs::ExtractOptions given = ask_run();
  given.given_entities = true;
  EXPECT_THAT(relations_of(answers(given)[3]), ElementsAre("E2 works_for E3"));
  jobs::ExtractOptions entities = ask_run();
  entities.task = "entities";
  EXPECT_EQ(answers(entities)[0].at("relations"), json::array());
  // Rows that mark a pair, and pairs of documents, by their ids.
  jobs::ExtractOptions pairs = ask_run();
  pairs.task = "relations";
  const auto of_documents = answers(pairs);
  ASSERT_FALSE(of_documents.empty());
  EXPECT_EQ(of_documents[0].at("id"), "d1:E1:E2");
  EXPECT_EQ(of_documents[0].at("label"), "works_for");
  write_rows("pair.jsonl", {{{"id", "p"},
                             {"text", "Zoë Ruiz left Oslo."},
                             {"head", {{"start", 0}, {"end", 8}, {"type", "person"}}},
                             {"tail", {{"start", 14}, {"end", 18}, {"type", "city"}}}}});
  pairs.input = path("pair.jsonl");
  EXPECT_EQ(answers(pairs).at(0).at("label"), "left");
}

// What pairs share a pass with changes nothing but the order of f32 additions.
TEST_P(PairsJob, APairAloneHasTheSameAnswer) {
  constexpr double kRounding = 1e-5;  // sums of some hundred numbers near 1, each off by 6e-8
  ASSERT_TRUE(jobs::finetune(teach_pairs(20), host_).finished);
  jobs::ExtractOptions asked = ask_run();
  asked.task = "relations";
  const auto together = answers(asked);
  ASSERT_EQ(together.size(), 4u);
  const jobs::FinetuneData data = jobs::load_finetune_data(teach_pairs(), host_);
  for (const json& row : together) {
    const auto pair = std::ranges::find(data.train.examples, row.at("id").get<std::string>(),
                                        &task::Example::id);
    ASSERT_NE(pair, data.train.examples.end());
    const auto side = [](const task::Span& span) {
      return json{{"start", span.start}, {"end", span.end}, {"type", span.type}};
    };
    const json one{{"id", pair->id},
                   {"text", pair->text},
                   {"head", side(pair->head)},
                   {"tail", side(pair->tail)}};
    write_rows("one.jsonl", std::vector<json>{one});
    asked.input = path("one.jsonl");
    const json alone = answers(asked).at(0);
    EXPECT_EQ(alone.at("label"), row.at("label"));
    EXPECT_NEAR(alone.at("probability").get<double>(), row.at("probability").get<double>(),
                kRounding);
  }
}

TEST_P(PairsJob, AGraphNeedsNoOtherRun) {
  ASSERT_TRUE(jobs::finetune(teach_pairs(), host_).finished);
  std::set<std::string> names;
  const auto facts = facts_of_graph(names);
  EXPECT_EQ(names.size(), 7u);
  EXPECT_THAT(facts, UnorderedElementsAre("Bo Nilsen works_for Kestrel Airways",
                                          "Zoë Ruiz left Oslo", "Ana works_for Dolm Air"));
}

TEST_P(PairsJob, IsJudgedByBothAndGoesOn) {
  jobs::FinetuneOptions options = teach_pairs(3);
  options.dev = path("documents.jsonl");
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  const auto log = read_rows("run/log.jsonl");
  EXPECT_EQ(log.back().at("dev_metric"), "entities_and_relations");
  const std::string spans = read("run/entities.safetensors"), pairs = read("run/pairs.safetensors");
  options.overwrite = true;
  train_until(2, options);
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("run/entities.safetensors"), spans);
  EXPECT_EQ(read("run/pairs.safetensors"), pairs);
}

// Its parts are read, where they fit.
TEST_P(PairsJob, PairsOfASentenceThatIsTooLongAreNotLearned) {
  std::string words;
  for (int i = 0; i < 254; ++i) words += "a ";
  auto rows = with_relations();
  rows.push_back(document("long", "Ana " + words + "Ana sings for Dolm Air.",
                          {{"Ana", "person"}, {"Dolm Air", "company"}}));
  relate(rows.back(), "E1", "E2", "works_for");
  write_rows("documents.jsonl", rows);
  jobs::FinetuneOptions options = teach_pairs(1);
  options.data.skip_bad_rows = true;
  warnings_.clear();
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("a pair is not learned"),
                                        HasSubstr("too long for one pass"))));
}

TEST_P(PairsJob, RefusesWhatItCannotDo) {
  jobs::FinetuneOptions options = teach_pairs();
  options.prompt = path("plain.txt");
  EXPECT_THAT(refusal(options), HasSubstr("--prompt is for models that answer pair by pair"));
  options = teach_pairs();
  options.negatives = 1;
  EXPECT_THAT(refusal(options), HasSubstr("--negatives is for"));
  options = teach_pairs();
  const T5Folder t5(t5_options().at("first"));
  options.model.model = t5.path().string();
  EXPECT_THAT(refusal(options), HasSubstr("has an encoder and a decoder"));
  EXPECT_FALSE(there("run"));
}

TEST_P(PairsJob, FilesThatChangedAreRefused) {
  ASSERT_TRUE(jobs::finetune(teach_pairs(1), host_).finished);
  const std::string pairs = read("run/pairs.safetensors");
  write("run/pairs.safetensors", pairs.substr(0, pairs.size() - 4) + "abcd");
  EXPECT_THAT(error_of([&] { jobs::extract(ask_run(), host_); }), HasSubstr("pairs.safetensors"));
  jobs::ExtractOptions forced = ask_run();
  forced.force = true;
  write("run/pairs.safetensors", pairs.substr(0, pairs.size() - 4));
  EXPECT_THAT(error_of([&] { jobs::extract(forced, host_); }), HasSubstr("pairs.safetensors"));
  json record = json::parse(read("run/run.json"));
  record["entities"]["pair_hidden"] = 7;
  write("run/pairs.safetensors", pairs);
  write("run/run.json", record.dump());
  EXPECT_THAT(error_of([&] { jobs::extract(forced, host_); }), HasSubstr("pairs.safetensors"));
}

INSTANTIATE_TEST_SUITE_P(OfAnEncoderAndADecoder, PairsJob, ::testing::Values("bert", "llama/tied"));

// An encoder writes no text, so its joint run is one of this kind by itself.
TEST_F(JointDesk, AnEncodersJointRunReadsPairs) {
  jobs::FinetuneOptions options = teach_well("bert");
  options.task = "joint";
  options.training.epochs = 1;
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_TRUE(jobs::reads_pairs(jobs::read_run(path("run"))));
  options.head = "lm";
  options.words = {{"head", "lm"}};
  options.overwrite = true;
  EXPECT_THAT(
      error_of([&] { jobs::finetune(options, host_); }),
      AllOf(HasSubstr("is an encoder and writes no text"), HasSubstr("Leave --head lm out")));
}

// A label's weight is its pairs'.
TEST_F(JointDesk, PairsOfALabelWeighWhatItSays) {
  jobs::FinetuneOptions options = teach_well("bert");
  options.task = "joint";
  options.head = "classifier";
  options.label_weights = "balanced";
  options.training.epochs = 1;
  jobs::FinetuneData data = jobs::load_finetune_data(options, host_);
  const engine::Session session(fixture("bert"), {});
  const task::PromptRenderer renderer(
      jobs::pair_style_of(data.train.labels, data.entities->types.names()), data.train.labels);
  const jobs::FinetuneRows rows = jobs::make_finetune_rows(options, data, session, renderer, host_);
  std::map<int32_t, float> weights;
  for (const train::TrainRow& row : rows.train) {
    for (const train::ClassedPair& pair : row.pairs) weights[pair.label] = pair.weight;
  }
  const auto weight = [&](const char* label) {
    return weights.at(int32_t(*data.train.labels.find(label)));
  };
  EXPECT_EQ(weights.size(), 3u);
  EXPECT_FLOAT_EQ(weight("left"), 2 * weight("works_for"));
}

}  // namespace
}  // namespace relatum::testing
