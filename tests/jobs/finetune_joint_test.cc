// One model that finds entities and names relations: from documents to documents, and to a graph.
#include "jobs/finetune_joint.h"

#include "jobs/graph.h"
#include "jobs/run_record.h"
#include "jobs/suggest.h"
#include "joint_desk.h"
#include "support/error_of.h"
#include "support/t5.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsSupersetOf;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class JointJob : public JointDesk {
 protected:
  jobs::FinetuneData load(const jobs::FinetuneOptions& options) {
    warnings_.clear();
    return jobs::load_finetune_data(options, host_);
  }
  static std::vector<std::string> pairs_of(const task::Dataset& data) {
    std::vector<std::string> all;
    for (const task::Example& each : data.examples) {
      all.push_back(task::head_text(each) + " " + each.label.value_or("-") + " " +
                    task::tail_text(each));
    }
    return all;
  }
};

// Of types that a relation stands between; pairs of one sentence, each way round.
TEST_F(JointJob, PairsAreThoseThatAGraphAsks) {
  const jobs::FinetuneData data = load(teach_both());
  EXPECT_THAT(pairs_of(data.train),
              UnorderedElementsAre("Bo Nilsen works_for Kestrel Airways", "Zoë Ruiz left Oslo",
                                   "Ana no_relation Lima", "Ana works_for Dolm Air"));
  EXPECT_THAT(data.train.labels.names(),
              UnorderedElementsAre("works_for", "knows", "left", "no_relation"));
  EXPECT_EQ(data.train.examples[0].text, "Bo Nilsen flies for Kestrel Airways.");
  EXPECT_EQ(data.train.examples[0].id, "d1:E1:E2");
  EXPECT_THAT(warnings_, ElementsAre(AllOf(HasSubstr("of 4 pairs with a relation 1 is not asked"),
                                           HasSubstr("document 'd1'"))));
}

TEST_F(JointJob, LabelsWithADirectionAreAskedInTheTextsOrder) {
  auto documents = with_relations();
  for (json& each : documents) each["relations"] = json::array();
  relate(documents[0], "E2", "E1", "employs(e1,e2)");
  relate(documents[3], "E2", "E3", "employs(e2,e1)");
  write_rows("documents.jsonl", documents);
  EXPECT_THAT(pairs_of(load(teach_both()).train),
              UnorderedElementsAre("Bo Nilsen employs(e2,e1) Kestrel Airways",
                                   "Ana employs(e2,e1) Dolm Air"));
}

// A label without a direction goes from head to tail, wherever they stand.
TEST_F(JointJob, LabelsWithoutADirectionAreTurnedBesideOthersThatHaveOne) {
  auto documents = with_relations();
  for (json& each : documents) each["relations"] = json::array();
  relate(documents[0], "E2", "E1", "employs");
  relate(documents[1], "E1", "E2", "left(e2,e1)");
  relate(documents[3], "E3", "E2", "left(e2,e1)");
  write_rows("documents.jsonl", documents);
  jobs::FinetuneOptions options = teach_both();
  const jobs::FinetuneData data = load(options);
  EXPECT_THAT(pairs_of(data.train),
              UnorderedElementsAre("Bo Nilsen employs(e2,e1) Kestrel Airways",
                                   "Zoë Ruiz left(e2,e1) Oslo", "Ana left(e1,e2) Dolm Air"));
  EXPECT_THAT(data.train.labels.names(),
              IsSupersetOf({"employs(e2,e1)", "left(e2,e1)", "left(e1,e2)", "no_relation"}));
  write("labels.json", json{"employs", "left(e1,e2)", "left(e2,e1)", "no_relation"}.dump());
  options.data.labels = path("labels.json");
  EXPECT_THAT(error_of([&] { load(options); }),
              AllOf(HasSubstr("document 'd1' has 'employs'"), HasSubstr("'employs(e2,e1)'")));
}

TEST_F(JointJob, ARelationThatIsNamedInTwoWaysIsTold) {
  auto documents = with_relations();
  for (json& each : documents) each["relations"] = json::array();
  relate(documents[0], "E1", "E2", "flies");
  relate(documents[3], "E2", "E3", "flies(e1,e2)");
  write_rows("documents.jsonl", documents);
  load(teach_both());
  EXPECT_THAT(warnings_, Contains(HasSubstr("labels 'flies' and 'flies(e1,e2)' say the same")));
}

TEST_F(JointJob, WhatNobodyLookedAtIsNoNegative) {
  auto documents = with_relations();
  documents[3].erase("relations");
  write_rows("documents.jsonl", documents);
  EXPECT_THAT(pairs_of(load(teach_both()).train),
              UnorderedElementsAre("Bo Nilsen works_for Kestrel Airways", "Zoë Ruiz left Oslo"));
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("1 document has"), HasSubstr("'d4'"))));
  for (json& each : documents) each["relations"] = json::array();
  write_rows("documents.jsonl", documents);
  EXPECT_THAT(error_of([&] { load(teach_both()); }), HasSubstr("Use --task entities"));
}

TEST_F(JointJob, PairsAloneAreToldToLackThoseWithoutARelation) {
  jobs::FinetuneOptions pairs = teach_both();
  pairs.task = "relations";
  load(pairs);
  EXPECT_THAT(lines_,
              ElementsAre(AllOf(HasSubstr("pairs of entities that no relation names are not"),
                                HasSubstr("--pairs sentences learns"))));
  lines_.clear();
  pairs.train += "?negative=none";
  load(pairs);
  load(teach_both());
  EXPECT_THAT(lines_, ElementsAre());
}

TEST_F(JointJob, LearnsBothAndFindsThemAgain) {
  EXPECT_TRUE(jobs::finetune(teach_both(), host_).finished);
  const jobs::RunInfo run = jobs::read_run(path("run"));
  EXPECT_TRUE(run.joint);
  ASSERT_TRUE(run.entities);
  EXPECT_FALSE(jobs::finds_entities(run));
  EXPECT_TRUE(there("run/entities.safetensors"));
  EXPECT_TRUE(there("run/types.json"));
  EXPECT_THAT(read("run/README.md"), HasSubstr("finds the entities of a text and names"));
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
  // Texts alone give the same; they list no entities that could be taken as they are.
  auto texts = gold;
  for (json& each : texts) each.erase("entities"), each.erase("relations");
  write_rows("texts.jsonl", texts);
  jobs::ExtractOptions of_texts = ask_run();
  of_texts.input = path("texts.jsonl");
  EXPECT_EQ(answers(of_texts), rows);
  of_texts.given_entities = true;
  EXPECT_THAT(error_of([&] { jobs::extract(of_texts, host_); }), HasSubstr("texts.jsonl:1"));
  // Of the entities that are marked, one less than it would find.
  auto less = gold;
  less[0]["entities"].erase(1);
  less[0]["relations"] = json::array();
  write_rows("less.jsonl", less);
  jobs::ExtractOptions given = ask_run();
  given.given_entities = true;
  given.input = path("less.jsonl");
  const auto asked = answers(given);
  EXPECT_EQ(entities_of(asked[0]), entities_of(less[0]));
  EXPECT_THAT(relations_of(asked[0]), ElementsAre());
  EXPECT_THAT(relations_of(asked[3]), ElementsAre("E2 works_for E3"));
  // Each alone.
  jobs::ExtractOptions entities = ask_run();
  entities.task = "entities";
  const auto alone = answers(entities);
  EXPECT_EQ(entities_of(alone[0]), entities_of(gold[0]));
  EXPECT_EQ(alone[0].at("relations"), json::array());
  jobs::ExtractOptions pairs = ask_run();
  pairs.task = "relations";
  write_rows("pair.jsonl", {{{"id", "p"},
                             {"text", "Zoë Ruiz left Oslo."},
                             {"head", {{"start", 0}, {"end", 8}, {"type", "person"}}},
                             {"tail", {{"start", 14}, {"end", 18}, {"type", "city"}}}}});
  pairs.input = path("pair.jsonl");
  EXPECT_EQ(answers(pairs).at(0).at("label"), "left");
}

// Entities are looked for where a document lists none.
TEST_F(JointJob, TextsAloneAreSuggestedWithTheEntitiesInThem) {
  jobs::FinetuneOptions options = teach_both();
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  auto rows = with_relations();
  for (const size_t i : {0, 1, 2}) rows[i].erase("entities"), rows[i].erase("relations");
  rows[3]["entities"].erase(0);  // one less than would be found
  write_rows("texts.jsonl", rows);
  jobs::SuggestOptions suggesting;
  static_cast<jobs::ExtractOptions&>(suggesting) = ask_run("s.jsonl");
  suggesting.input = path("texts.jsonl");
  suggesting.overwrite = true;
  const auto suggested = [&] {
    EXPECT_TRUE(jobs::suggest(suggesting, host_));
    std::map<std::string, json> all;
    for (const json& each : read_rows("s.jsonl")) all[each.at("id")] = each;
    return all;
  };
  const auto found = suggested();
  ASSERT_EQ(found.size(), 3u);  // nobody is in d3
  const auto gold = with_relations();
  EXPECT_EQ(entities_of(found.at("d1")), entities_of(gold[0]));
  EXPECT_EQ(entities_of(found.at("d2")), entities_of(gold[1]));
  EXPECT_EQ(entities_of(found.at("d4")), entities_of(rows[3]));
  EXPECT_THAT(lines_, Contains(HasSubstr("5 entities found in 3 documents that list none")));
  // Another run's, where one is named; with none, texts have nothing that could be asked.
  options.task = "entities";
  options.prompt.clear();
  options.out = path("names");
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  suggesting.entities = path("names");
  EXPECT_EQ(entities_of(suggested().at("d1")), entities_of(gold[0]));
  suggesting.entities = path("nowhere");
  EXPECT_THAT(error_of([&] { jobs::suggest(suggesting, host_); }),
              HasSubstr("holds no run that finds entities"));
}

TEST_F(JointJob, WhatStartsFromItLearnsBothUnlessToldOtherwise) {
  jobs::FinetuneOptions first = teach_both(1);
  first.out = path("first");
  EXPECT_TRUE(jobs::finetune(first, host_).finished);
  jobs::FinetuneOptions options = teach_both(1);
  options.task = jobs::FinetuneOptions{}.task;
  options.init_adapter = path("first");
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_TRUE(jobs::read_run(path("run")).joint);
  EXPECT_EQ(json::parse(read("run/run.json")).at("options").at("task"), "joint");
  EXPECT_THAT(lines_, Contains(HasSubstr("task: joint, as " + path("first") + " was taught")));
  options.words["task"] = "relations";
  options.overwrite = true;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_FALSE(jobs::read_run(path("run")).joint);
}

TEST_F(JointJob, AGraphNeedsNoOtherRun) {
  EXPECT_TRUE(jobs::finetune(teach_both(), host_).finished);
  std::set<std::string> names;
  const auto facts = facts_of_graph(names);
  EXPECT_EQ(names.size(), 7u);
  EXPECT_THAT(lines_, Not(Contains(HasSubstr("schema"))));
  EXPECT_THAT(facts, UnorderedElementsAre("Bo Nilsen works_for Kestrel Airways",
                                          "Zoë Ruiz left Oslo", "Ana works_for Dolm Air"));
}

TEST_F(JointJob, AGraphTellsTypesThatTheSchemaDoesNotShare) {
  jobs::FinetuneOptions options = teach_both();
  options.training.epochs = 1;
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  jobs::GraphOptions graph;
  graph.asking.model.compute = "f32";
  graph.asking.adapter = path("run");
  graph.documents = {path("notes")};
  write("notes/a.txt", "Ana rests.");
  graph.schema = write("schema.toml",
                       "[entities]\nPERSON = \"One.\"\ncompany = \"A firm.\"\n"
                       "[relations.works_for]\nhead = \"PERSON\"\ntail = \"company\"\n");
  lines_.clear();
  EXPECT_TRUE(jobs::graph(graph, host_).finished);
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("does not find: 'PERSON'"), HasSubstr("/run"))));
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("the schema lacks"),
                                     HasSubstr("no entity has them: 'city', 'person'"))));
  // Another source besides.
  graph.entities = path("run");
  graph.gazetteer = write("names.csv", "name,type\nAna,PERSON\nOslo,TOWN\n");
  lines_.clear();
  EXPECT_TRUE(jobs::graph(graph, host_).finished);
  EXPECT_THAT(lines_, Not(Contains(HasSubstr("not find"))));
  EXPECT_THAT(lines_, Contains(AllOf(HasSubstr("/run and the gazetteer find and"),
                                     HasSubstr("'TOWN', 'city'"))));
}

// The same bytes, whether it was stopped or not; judged by both.
TEST_F(JointJob, IsJudgedByBothAndGoesOn) {
  jobs::FinetuneOptions options = teach_both();
  options.training.epochs = 3;
  options.dev = path("documents.jsonl");
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  const auto log = read_rows("run/log.jsonl");
  const json& last = log.back();
  EXPECT_EQ(last.at("dev_metric"), "entities_and_relations");
  EXPECT_DOUBLE_EQ(
      last.at("dev_f1").get<double>(),
      (last.at("dev_entities_f1").get<double>() + last.at("dev_relations_f1").get<double>()) / 2);
  const std::string adapter = read("run/adapter_model.safetensors"),
                    spans = read("run/entities.safetensors");
  options.overwrite = true;
  train_until(2, options);
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("run/adapter_model.safetensors"), adapter);
  EXPECT_EQ(read("run/entities.safetensors"), spans);
}

TEST_F(JointJob, RefusesWhatItCannotDo) {
  const auto refusal = [&](const jobs::FinetuneOptions& options) {
    return error_of([&] { jobs::finetune(options, host_); });
  };
  jobs::FinetuneOptions options = teach_both();
  options.head = "classifier";
  EXPECT_THAT(refusal(options), HasSubstr("--prompt is for models that answer pair by pair"));
  options = teach_both();
  options.index = path("index");
  EXPECT_THAT(refusal(options), HasSubstr("--index"));
  options = teach_both();
  options.train += "?window=40";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("window="), HasSubstr("with --task joint")));
  options = teach_both();
  const T5Folder t5(t5_options().at("first"));
  options.model.model = t5.path().string();
  EXPECT_THAT(refusal(options), HasSubstr("teach --task entities and relations apart"));
  options = teach_both();
  options.train = path("rows.jsonl");
  EXPECT_THAT(refusal(options), HasSubstr("marks one pair"));
  EXPECT_FALSE(there("run"));
  jobs::ExtractOptions asked = ask("-");
  asked.given_entities = true;
  asked.task = "relations";
  EXPECT_THAT(error_of([&] { jobs::extract(asked, host_); }),
              HasSubstr("--given-entities is for --task joint"));
  asked.given_entities = false;
  asked.task = "joint";
  EXPECT_THAT(error_of([&] { jobs::extract(asked, host_); }),
              AllOf(HasSubstr("learned relations"), HasSubstr("by --entities")));
}

// One run finds the entities, another names the relations of their pairs.
class TwoRuns : public JointJob {
 protected:
  void SetUp() override {
    JointJob::SetUp();
    // Whole documents are one sentence each, as --task relations learns pairs of documents.
    auto rows = with_relations();
    rows.erase(rows.begin());
    rows.push_back(document("d5", "Bo Nilsen flies for Kestrel Airways.",
                            {{"Bo Nilsen", "person"}, {"Kestrel Airways", "company"}}));
    relate(rows.back(), "E1", "E2", "works_for");
    write_rows("documents.jsonl", rows);
    jobs::FinetuneOptions names = teach_well("bert");
    names.out = path("names");
    ASSERT_TRUE(jobs::finetune(names, host_).finished);
    jobs::FinetuneOptions pairs = teach_both();
    pairs.task = "relations";
    pairs.train += "?negative=none";
    ASSERT_TRUE(jobs::finetune(pairs, host_).finished);
    warnings_.clear();
  }
  jobs::ExtractOptions ask_both() {
    jobs::ExtractOptions options = ask_run();
    options.entities = path("names");
    return options;
  }
};

TEST_F(TwoRuns, FindAndName) {
  const auto gold = read_rows("documents.jsonl");
  const auto rows = answers(ask_both());
  EXPECT_TRUE(warnings_.empty()) << warnings_[0];
  ASSERT_EQ(rows.size(), gold.size());
  for (size_t i = 0; i < gold.size(); ++i) EXPECT_EQ(entities_of(rows[i]), entities_of(gold[i]));
  EXPECT_THAT(relations_of(rows[0]), ElementsAre("T1 left T2"));
  EXPECT_THAT(relations_of(rows[1]), ElementsAre());
  EXPECT_THAT(relations_of(rows[2]), ElementsAre("T2 works_for T3"));
  EXPECT_THAT(relations_of(rows[3]), ElementsAre("T1 works_for T2"));
  // A run that learned relations alone is asked for the entities that documents list, too.
  auto less = gold;
  less[2]["entities"].erase(1);
  less[2]["relations"] = json::array();
  write_rows("less.jsonl", less);
  jobs::ExtractOptions given = ask_run();
  given.given_entities = true;
  given.input = path("less.jsonl");
  const auto asked = answers(given);
  EXPECT_EQ(entities_of(asked[2]), entities_of(less[2]));
  EXPECT_THAT(relations_of(asked[0]), ElementsAre("E1 left E2"));
  EXPECT_THAT(relations_of(asked[2]), ElementsAre());
}

TEST_F(TwoRuns, RefuseWhatTheyCannotDo) {
  const auto refusal = [&](const jobs::ExtractOptions& options) {
    return error_of([&] { jobs::extract(options, host_); });
  };
  jobs::ExtractOptions options = ask_both();
  options.given_entities = true;
  EXPECT_THAT(refusal(options), HasSubstr("--given-entities looks for none"));
  options = ask_both();
  options.task = "relations";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("--entities"), HasSubstr("--task relations")));
  options = ask_both();
  options.entities = path("run");
  EXPECT_THAT(refusal(options), HasSubstr("holds no run that finds entities"));
  options = ask_both();
  options.adapter = path("names");
  EXPECT_THAT(refusal(options), HasSubstr("learned entities, too"));
  options = ask_both();
  options.adapter.clear();
  options.adapters = {{"a", path("run")}, {"b", path("run")}};
  EXPECT_THAT(refusal(options), HasSubstr("documents are asked by one"));
}

}  // namespace
}  // namespace relatum::testing
