// Finding entities from options to documents: beside a decoder, and with an encoder.
#include "jobs/finetune_entities.h"

#include <cmath>
#include <optional>
#include <sstream>

#include "base/error.h"
#include "entity_desk.h"
#include "io/json.h"
#include "jobs/graph.h"
#include "jobs/learned_entities.h"
#include "jobs/run_record.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

constexpr const char *kLlama = "llama/tied", *kBert = "bert";

class EntityJob : public EntityDesk {
 protected:
  std::string refusal(const jobs::FinetuneOptions& options) {
    const std::string sentence = error_of([&] { jobs::finetune(options, host_); });
    EXPECT_FALSE(there("run"));
    return sentence;
  }
  std::string refusal(const jobs::ExtractOptions& options) {
    return error_of([&] { jobs::extract(options, host_); });
  }
};

TEST_F(EntityJob, LearnsBesideADecoder) {
  jobs::FinetuneOptions options = teach_well(kLlama);
  options.model.base = "f32";
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  const jobs::RunInfo run = jobs::read_run(path("run"));
  EXPECT_EQ(run.status, "done");
  EXPECT_EQ(run.method, "lora");
  ASSERT_TRUE(run.entities);
  EXPECT_THAT(run.entities->types, ElementsAre("person", "company", "city"));
  EXPECT_EQ(run.entities->widest, 10);  // more than the longest training entity, of 2 words
  EXPECT_EQ(run.entities->lengths, 2);
  EXPECT_FALSE(run.entities->overlap);
  EXPECT_TRUE(there("run/adapter_model.safetensors"));
  EXPECT_FALSE(there("run/state"));
  EXPECT_THAT(read("run/README.md"),
              AllOf(HasSubstr("finds the entities of a sentence"), HasSubstr("| person | 3 |"),
                    Not(HasSubstr("both have to be marked"))));
  expect_known_by_heart(answers(ask_run()));
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  jobs::ExtractOptions file = ask_run("found.jsonl");
  EXPECT_TRUE(jobs::extract(file, host_).finished);
  expect_known_by_heart(read_rows("found.jsonl"));
  const json record = json::parse(read("found.jsonl.run.json"));
  EXPECT_EQ(record.at("documents"), 4);
  EXPECT_EQ(record.at("entities"), 6);
  EXPECT_FALSE(there("found.jsonl.part"));
}

TEST_F(EntityJob, SaysThatEntitiesTakeMoreThanTheUsualEpochs) {
  jobs::FinetuneOptions options = teach_entities(kBert);
  options.training.epochs = 1;
  jobs::finetune(options, host_);
  const auto hint = HasSubstr("finding entities usually takes some 20");
  EXPECT_THAT(lines_, Contains(hint));
  lines_.clear();
  options.words["epochs"] = "1";
  options.overwrite = true;
  jobs::finetune(options, host_);
  EXPECT_THAT(lines_, Not(Contains(hint)));
}

// The sentences have 7, 3, 5, 3 and 6 words, so 76 spans; each class counts once more than it is
// there.
TEST_F(EntityJob, TheClassifierBeginsWithTheSharesOfTheClasses) {
  const jobs::FinetuneOptions options = teach_entities(kBert);
  const jobs::FinetuneData data = jobs::load_finetune_data(options, host_);
  const engine::Session session(fixture(kBert), {});
  EXPECT_THAT(jobs::span_form(options, session, data).shares,
              ::testing::Pointwise(::testing::DoubleEq(), {71. / 80, 4. / 80, 2. / 80, 3. / 80}));
}

TEST_F(EntityJob, LearnsWithAllWeightsOfAnEncoder) {
  jobs::FinetuneOptions options = teach_well(kBert);
  options.learning_rate = 3e-3;
  options.dev = path("documents.jsonl");
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(jobs::read_run(path("run")).method, "full");
  EXPECT_TRUE(there("run/model/model.safetensors"));
  expect_known_by_heart(answers(ask_run()));
  // What it was judged by is what it finds.
  EXPECT_EQ(json::parse(read("run/run.json")).at("best_dev_f1"), 1.0);
  const auto log = read_rows("run/log.jsonl");
  const json& last = log.back();
  EXPECT_EQ(last.at("dev_metric"), "entities_strict");
  EXPECT_EQ(last.at("dev_precision"), 1.0);
  EXPECT_EQ(last.at("dev_recall"), 1.0);
}

TEST_F(EntityJob, LearnsOnAQuantisedBase) {
  jobs::FinetuneOptions options = teach_well(kLlama);
  options.model.base = "nf4";
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(jobs::read_run(path("run")).method, "qlora");
  expect_known_by_heart(answers(ask_run()));
}

TEST_F(EntityJob, StopsAndGoesOnToTheSameNumbers) {
  for (const char* model : {kLlama, kBert}) {
    jobs::FinetuneOptions options = teach_entities(model);
    options.overwrite = true;
    options.training.epochs = 4;
    options.holdout = 1;
    jobs::finetune(options, host_);
    const std::string head = read("run/entities.safetensors"), log = read("run/log.jsonl");
    options.out = path("again");
    train_until(3, options);
    EXPECT_FALSE(there("again/entities.safetensors"));
    EXPECT_TRUE(jobs::finetune(options, host_).finished);
    EXPECT_EQ(read("again/entities.safetensors"), head) << model;
  }
}

TEST_F(EntityJob, AStateOfOtherEntitiesIsNotGoneOnWith) {
  jobs::FinetuneOptions options = teach_entities(kLlama);
  options.training.epochs = 4;
  train_until(3, options);
  std::vector<json> others = documents();
  others[0]["entities"][0]["type"] = "company";
  others[0]["entities"][1]["type"] = "person";
  write_rows("documents.jsonl", others);
  EXPECT_THAT(error_of([&] { jobs::finetune(options, host_); }), HasSubstr("something else"));
}

TEST_F(EntityJob, StartsFromAnAdapterThatIsThere) {
  jobs::FinetuneOptions first = teach_well(kLlama);
  first.model.base = "f32";
  first.out = path("first");
  jobs::finetune(first, host_);
  jobs::FinetuneOptions options = teach_entities("");
  options.model.model = "";
  options.init_adapter = path("first");
  options.training.epochs = 1;
  options.learning_rate = 1e-12;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(json::parse(read("run/run.json")).at("init_adapter"), path("first"));
  // The pairs go on, the head begins anew.
  const auto pairs = [&](const char* run) {
    return io::Safetensors::open(path(run) + "/adapter_model.safetensors");
  };
  const auto then = pairs("first"), now = pairs("run");
  ASSERT_EQ(then.tensors().size(), now.tensors().size());
  for (const io::SafetensorsTensor& tensor : then.tensors()) {
    const auto want = read_matrix(then, tensor.name), got = read_matrix(now, tensor.name);
    EXPECT_LT(distance(got.view(), want.view()), 1e-6) << tensor.name;
  }
  EXPECT_NE(read("run/entities.safetensors"), read("first/entities.safetensors"));
}

TEST_F(EntityJob, EntitiesOverlapWhereTrainingEntitiesDo) {
  write_rows("documents.jsonl", {document("n", "The Bank of Oslo pays.",
                                          {{"Bank of Oslo", "company"}, {"Oslo", "city"}}),
                                 document("m", "Lima is far.", {{"Lima", "city"}})});
  jobs::FinetuneOptions options = teach_well(kLlama);
  options.model.base = "f32";
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_TRUE(jobs::read_run(path("run")).entities->overlap);
  const auto rows = answers(ask_run());
  EXPECT_THAT(entities_of(rows[0]), ElementsAre(json{4, 16, "company"}, json{12, 16, "city"}));
}

TEST_F(EntityJob, AGraphsFinderFindsWhatExtractFinds) {
  jobs::FinetuneOptions options = teach_well(kLlama);
  options.model.base = "f32";
  jobs::finetune(options, host_);
  const auto rows = answers(ask_run());
  const auto finder = jobs::learned_entities(ask_run(), host_);
  const auto gold = documents();
  std::vector<std::string> texts;
  for (const json& each : gold) texts.push_back(each.at("text"));
  std::vector<std::vector<graph::Stretch>> sentences(texts.size());
  std::vector<graph::DocumentView> views;
  for (size_t i = 0; i < texts.size(); ++i) {
    sentences[i] = {{0, utf8_length(texts[i])}};
    if (i == 0) sentences[i] = {{0, 36}, {37, utf8_length(texts[i])}};
    views.push_back({"x", texts[i], sentences[i], {}});
  }
  const auto mentions = finder->find(views, host_.context);
  ASSERT_EQ(mentions.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    ASSERT_EQ(mentions[i].size(), rows[i].at("entities").size()) << i;
    for (size_t k = 0; k < mentions[i].size(); ++k) {
      const json& want = rows[i].at("entities")[k];
      const graph::Mention& got = mentions[i][k];
      EXPECT_EQ(got.span.start, want.at("start"));
      EXPECT_EQ(got.span.end, want.at("end"));
      EXPECT_EQ(got.type, want.at("type"));
      EXPECT_EQ(got.text, utf8_slice(texts[i], got.span.start, got.span.end));
      EXPECT_NEAR(got.probability, want.at("probability").get<double>(), 1e-5);
    }
  }
  EXPECT_EQ(finder->identity(), jobs::learned_entities(ask_run(), host_)->identity());
  stop_ = true;
  EXPECT_TRUE(finder->find(views, host_.context).empty());
  stop_ = false;
  jobs::ExtractOptions none = ask_run();
  none.adapter = path("nothing");
  EXPECT_THAT(error_of([&] { jobs::learned_entities(none, host_); }),
              HasSubstr("holds no run that finds entities"));
}

TEST_F(EntityJob, AGraphHasTheEntitiesThatItFinds) {
  jobs::FinetuneOptions options = teach_well(kLlama);
  options.model.base = "f32";
  jobs::finetune(options, host_);
  jobs::GraphOptions graph = graph_of_texts();
  EXPECT_THAT(mentions(graph),
              UnorderedElementsAre("Bo Nilsen person", "Kestrel Airways company", "Zoë Ruiz person",
                                   "Oslo city", "Lima city", "Ana person"));
  graph.entities = path("notes");
  EXPECT_THAT(error_of([&] { jobs::graph(graph, host_); }),
              HasSubstr("holds no run that finds entities"));
  graph.entities = "";
  EXPECT_THAT(error_of([&] { jobs::graph(graph, host_); }), HasSubstr("--entities"));
  graph.entities = path("run");
  graph.asking.adapter = path("run");
  graph.asking.model.model = graph.asking.prompt = graph.asking.data.labels = "";
  EXPECT_THAT(error_of([&] { jobs::graph(graph, host_); }), HasSubstr("finds entities"));
}

TEST_F(EntityJob, DocumentsOnAPipeAreAnsweredAndDoubtfulOnesLeftOut) {
  jobs::FinetuneOptions options = teach_well(kLlama);
  options.model.base = "f32";
  jobs::finetune(options, host_);
  std::istringstream input(read("documents.jsonl"));
  host_.input = &input;
  jobs::ExtractOptions piped = ask_run();
  piped.input = "-";
  expect_known_by_heart(answers(piped));
  jobs::ExtractOptions sure = ask_run();
  sure.min_probability = 1.1;
  for (const json& row : answers(sure)) EXPECT_EQ(row.at("entities"), json::array());
  host_.context.progress = [&](const Progress&) { stop_ = true; };
  out_.clear();
  EXPECT_FALSE(jobs::extract(ask_run("found.jsonl"), host_).finished);
  EXPECT_FALSE(there("found.jsonl") || there("found.jsonl.part"));
}

// Of a model that learned little: from nothing on all stretches, from 1 on none, and each one more
// that a lower threshold gives is less sure.
TEST_F(EntityJob, ALowerThresholdFindsMore) {
  jobs::finetune(teach_entities(kLlama), host_);
  const auto found = [&](std::optional<double> threshold) {
    jobs::ExtractOptions options = ask_run();
    options.entity_threshold = threshold;
    std::vector<std::vector<json>> all;
    for (const json& row : answers(options)) all.push_back(entities_of(row));
    return all;
  };
  const auto count = [](const auto& all) {
    size_t sum = 0;
    for (const auto& each : all) sum += each.size();
    return sum;
  };
  const auto everywhere = found(0.0), nowhere = found(1.0);
  EXPECT_GT(everywhere.at(2).size(), 0u);  // nobody is named there
  EXPECT_EQ(count(nowhere), 0u);
  EXPECT_GE(count(everywhere), count(found(0.5)));
  // The likeliest class may only be a type where the types have more than half.
  EXPECT_GE(count(found(0.5)), count(found(std::nullopt)));
  jobs::ExtractOptions wrong = ask_run();
  wrong.entity_threshold = std::nan("");
  EXPECT_THAT(refusal(wrong), HasSubstr("--entity-threshold is not a number"));
}

TEST_F(EntityJob, WhatIsForRelationsIsRefused) {
  const auto given = [&](auto change) {
    jobs::FinetuneOptions options = teach_entities(kLlama);
    change(options);
    return refusal(options);
  };
  EXPECT_THAT(given([](auto& o) { o.head = "classifier"; }), HasSubstr("--head classifier is for"));
  EXPECT_THAT(given([](auto& o) { o.prompt = "compact"; }), HasSubstr("--prompt is for relations"));
  EXPECT_THAT(given([](auto& o) { o.negatives = 2; }), HasSubstr("--negatives is for relations"));
  EXPECT_THAT(given([](auto& o) { o.folds = 3; }), HasSubstr("--folds is for relations"));
  EXPECT_THAT(given([](auto& o) { o.head_dropout = 1; }), HasSubstr("--head-dropout"));
  EXPECT_THAT(given([&](auto& o) { o.train = path("rows.jsonl"); }),
              HasSubstr("the row marks one pair, not all entities"));
  const std::string none = write_rows("none.jsonl", {document("x", "Rain fell.", {})});
  EXPECT_THAT(given([&](auto& o) { o.train = none; }), HasSubstr("no entity is marked"));
  EXPECT_THAT(given([](auto& o) { o.holdout = 4; }), HasSubstr("cannot hold out 4 of 4 documents"));
}

TEST_F(EntityJob, ARunIsForNothingElse) {
  jobs::finetune(teach_entities(kLlama), host_);
  const auto given = [&](auto change) {
    jobs::ExtractOptions options = ask_run();
    change(options);
    return refusal(options);
  };
  EXPECT_THAT(given([](auto& o) { o.prompt = "compact"; }), HasSubstr("--prompt is for relations"));
  EXPECT_THAT(given([](auto& o) { o.format = "triples"; }), HasSubstr("--format"));
  EXPECT_THAT(given([&](auto& o) {
                o.adapters = {{"a", o.adapter}, {"b", o.adapter}};
                o.adapter = "";
              }),
              HasSubstr("answers no pairs"));
  jobs::ExtractOptions adapter = ask_run();
  EXPECT_THAT(error_of([&] { jobs::settle_extract(adapter, host_); }),
              HasSubstr("answers no pairs"));
  write("run/entities.safetensors", "x");
  EXPECT_THAT(given([](auto&) {}), HasSubstr("is not what the run wrote"));
  EXPECT_THAT(given([](auto& o) { o.force = true; }), HasSubstr("entities.safetensors"));
}

TEST_F(EntityJob, ABadDocumentIsToldBeforeAModelIsOpened) {
  jobs::finetune(teach_entities(kLlama), host_);
  write("bad.jsonl", read("documents.jsonl") + "{\"id\": \"x\"}\n");
  jobs::ExtractOptions options = ask_run("found.jsonl");
  options.input = path("bad.jsonl");
  EXPECT_THAT(refusal(options), HasSubstr("bad.jsonl:5"));
  EXPECT_FALSE(there("found.jsonl"));
  options.data.skip_bad_rows = true;
  EXPECT_TRUE(jobs::extract(options, host_).finished);
  EXPECT_EQ(read_rows("found.jsonl").size(), 4u);
}

}  // namespace
}  // namespace relatum::testing
