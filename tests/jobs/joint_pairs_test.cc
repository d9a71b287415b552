// What a run that learned both is asked of documents whose entities are marked.
#include "jobs/joint_pairs.h"

#include "jobs/finetune_data.h"
#include "jobs/suggest.h"
#include "joint_desk.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::UnorderedElementsAre;

class JointPairsJob : public JointDesk {
 protected:
  jobs::ExtractOptions ask_pairs() const {
    jobs::ExtractOptions options = ask_run();
    options.task = "relations";
    return options;
  }
  static std::vector<std::string> ids_of(const std::vector<json>& rows) {
    std::vector<std::string> ids;
    for (const json& row : rows) ids.push_back(row.at("id"));
    return ids;
  }
};

// Prompts and classifiers name the entities' types, and where there are none, what training called
// them.
TEST_F(JointPairsJob, ARowWithoutTypesIsAskedAsItsSentenceIs) {
  auto documents = with_relations();
  for (json& document : documents) {
    for (json& entity : document["entities"]) entity.erase("type");
  }
  write_rows("documents.jsonl", documents);
  write("typed.txt", "{{text}}\n{{head}} ({{head_type}}), {{tail}} ({{tail_type}}):");
  for (const char* head : {"lm", "classifier"}) {
    jobs::FinetuneOptions teaching = teach_both(4);
    teaching.overwrite = true;
    teaching.head = head;
    teaching.prompt = teaching.head == "lm" ? path("typed.txt") : "";
    EXPECT_TRUE(jobs::finetune(teaching, host_).finished);
    auto rows = std::vector{documents[1]};
    rows.push_back({{"id", "row"},
                    {"text", documents[1]["text"]},
                    {"head", {{"start", 0}, {"end", 8}}},
                    {"tail", {{"start", 14}, {"end", 18}}}});
    write_rows("documents.jsonl", rows);
    const auto answered = answers(ask_pairs());
    ASSERT_EQ(answered.size(), 2u + size_t(answered[1].at("id") != "row"));
    EXPECT_EQ(answered[0].at("probability"), answered.back().at("probability")) << head;
    EXPECT_EQ(answered[0].at("label"), answered.back().at("label"));
    write_rows("documents.jsonl", documents);
  }
}

// Those of one sentence and of types that have a relation in the training data; rows of one pair
// stay what they are.
TEST_F(JointPairsJob, ExtractAndSuggestAskForThePairsOfSentences) {
  EXPECT_TRUE(jobs::finetune(teach_both(1), host_).finished);
  auto rows = with_relations();
  rows.push_back({{"id", "p"},
                  {"text", "Ana sat. Lima is far."},
                  {"head", {{"start", 0}, {"end", 3}, {"type", "person"}}},
                  {"tail", {{"start", 9}, {"end", 13}, {"type", "city"}}}});
  write_rows("documents.jsonl", rows);
  const auto answered = answers(ask_pairs());
  EXPECT_THAT(ids_of(answered), ElementsAre("d1:E1:E2", "d2:E1:E2", "d4:E2:E1", "d4:E2:E3", "p"));
  jobs::SuggestOptions suggesting;
  static_cast<jobs::ExtractOptions&>(suggesting) = ask_run("s.jsonl");
  suggesting.count = 9;
  suggesting.similar = 1;
  EXPECT_TRUE(jobs::suggest(suggesting, host_));
  std::vector<std::string> pairs;
  for (const json& row : read_rows("s.jsonl")) {
    for (const json& pair : row.at("pairs")) {
      pairs.push_back(row.at("id").get<std::string>() + ":" + pair.at("head").get<std::string>() +
                      ":" + pair.at("tail").get<std::string>());
    }
  }
  EXPECT_THAT(pairs,
              UnorderedElementsAre("d1:E1:E2", "d2:E1:E2", "d4:E2:E1", "d4:E2:E3", "p:T1:T2"));
  jobs::ExtractOptions cut = ask_pairs();
  cut.input += "?window=40";
  EXPECT_EQ(ids_of(answers(cut)), ids_of(answered));
  EXPECT_THAT(warnings_, Contains(HasSubstr("window= has no effect")));
  // The text that is asked is the sentence's.
  rows[0]["text"] = "Bo Nilsen flies for Kestrel Airways. Snow fell.\nAna rests.";
  write_rows("documents.jsonl", rows);
  EXPECT_EQ(answers(ask_pairs()).at(0), answered[0]);
  // What decides which pairs these are is the run's own.
  write("run/types.json", read("run/types.json") + " ");
  EXPECT_THAT(error_of([&] { jobs::extract(ask_pairs(), host_); }),
              HasSubstr("types.json is not what the run wrote"));
}

TEST_F(JointPairsJob, BesideOthersPairsOfWholeDocumentsAreRefused) {
  EXPECT_TRUE(jobs::finetune(teach_both(1), host_).finished);
  auto rows = with_relations();
  for (json& row : rows) row["adapter"] = "both";
  write_rows("documents.jsonl", rows);
  jobs::ExtractOptions options = ask_pairs();
  options.adapter.clear();
  options.adapters = {{"both", path("run")}};
  EXPECT_THAT(error_of([&] { jobs::extract(options, host_); }),
              HasSubstr("in an extraction with this adapter alone"));
}

TEST_F(JointPairsJob, GivenEntitiesStayAsTheyAre) {
  EXPECT_TRUE(jobs::finetune(teach_both(), host_).finished);
  auto rows = with_relations();
  rows[0]["entities"] = {{{"id", "k"}, {"start", 20}, {"end", 35}, {"type", "company"}},
                         {{"id", "ana"},
                          {"start", 48},
                          {"end", 51},
                          {"type", "person"},
                          {"cluster", "a"},
                          {"probability", 0.25}},
                         {{"id", "7"},
                          {"start", 0},
                          {"end", 9},
                          {"type", "person"},
                          {"pieces", {{0, 2}, {3, 9}}},
                          {"cluster", "a"}}};
  rows[0]["relations"] = json::array();
  write_rows("documents.jsonl", rows);
  jobs::ExtractOptions given = ask_run();
  given.given_entities = true;
  const auto found = answers(given);
  ASSERT_EQ(found.size(), rows.size());
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(found[i]["entities"], rows[i]["entities"]);
  ASSERT_EQ(found[0]["relations"].size(), 1u);
  EXPECT_EQ(found[0]["relations"][0]["head"], "7");
  EXPECT_EQ(found[0]["relations"][0]["tail"], "k");
  EXPECT_EQ(found[0]["relations"][0]["label"], "works_for");
}

// The first and the last of 25 names are the farthest of 300 pairs.
TEST_F(JointPairsJob, TellWhyARelationIsNotLearned) {
  std::string text;
  Named names;
  for (char c = 'a'; c < 'z'; ++c) {
    names.emplace_back(std::string("n") + c, "person");
    text += names.back().first + " ";
  }
  json crowd = document("crowd", text + "met.", names);
  relate(crowd, "E1", "E25", "knows");
  relate(crowd, "E1", "E2", "knows");
  relate(crowd, "E3", "E3", "knows");
  json two = document("two", "Bo came. Ana left.", {{"Bo", "person"}, {"Ana", "person"}});
  relate(two, "E1", "E2", "knows");
  write_rows("documents.jsonl", {crowd, two});
  jobs::load_finetune_data(teach_both(1), host_);
  ASSERT_EQ(warnings_.size(), 1u);
  for (const char* part : {"of 4 pairs with a relation 3 are not asked: ",
                           "1 has no sentence with both ends, such as one of document 'two'",
                           "1 has ends of one span or name, such as one of document 'crowd'",
                           "1 is beyond the nearest 200 pairs of its sentence, such as one of "
                           "document 'crowd'"}) {
    EXPECT_THAT(warnings_[0], HasSubstr(part));
  }
}

}  // namespace
}  // namespace relatum::testing
