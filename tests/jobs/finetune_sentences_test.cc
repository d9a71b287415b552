// --pairs sentences: a run that learns the pairs of documents' sentences, and no entities.
#include "jobs/finetune_folds.h"
#include "jobs/finetune_joint.h"
#include "jobs/run_record.h"
#include "jobs/suggest.h"
#include "joint_desk.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;

class SentencesJob : public JointDesk {
 protected:
  jobs::FinetuneOptions teach_pairs(int64_t epochs = 1) const {
    jobs::FinetuneOptions options = teach_both(epochs);
    options.task = "relations";
    options.pairs = "sentences";
    return options;
  }
  jobs::FinetuneOptions teach_classes(int64_t epochs) const {
    jobs::FinetuneOptions options = teach_pairs(epochs);
    options.model.model = fixture("bert").string();
    options.prompt = "";
    options.head = "classifier";
    return options;
  }
  std::vector<std::string> pairs_of(const jobs::FinetuneOptions& options) {
    const jobs::FinetuneData data = jobs::load_finetune_data(options, host_);
    EXPECT_FALSE(data.entities);
    std::vector<std::string> all;
    for (const task::Example& each : data.train.examples) {
      all.push_back(each.id + " " + each.label.value_or("-") + " " + each.text);
    }
    return all;
  }
  std::string refusal(const jobs::FinetuneOptions& options) {
    const std::string sentence = error_of([&] { jobs::finetune(options, host_); });
    EXPECT_FALSE(there("run"));
    return sentence;
  }
  std::vector<std::string> asked_of(const std::vector<json>& rows) {
    std::vector<std::string> ids;
    for (const json& row : rows) ids.push_back(row.at("id"));
    return ids;
  }
};

TEST_F(SentencesJob, AreThoseThatAJointRunLearns) {
  EXPECT_THAT(pairs_of(teach_pairs()),
              UnorderedElementsAre("d1:E1:E2 works_for Bo Nilsen flies for Kestrel Airways.",
                                   "d2:E1:E2 left Zoë Ruiz left Oslo.",
                                   "d4:E2:E1 no_relation In Lima, Ana sings for Dolm Air.",
                                   "d4:E2:E3 works_for In Lima, Ana sings for Dolm Air."));
  EXPECT_THAT(warnings_, ElementsAre(HasSubstr("of 4 pairs with a relation 1 is not asked")));
  jobs::FinetuneOptions held = teach_pairs();
  held.dev = path("documents.jsonl");
  held.train += "?negative=none";
  const jobs::FinetuneData data = jobs::load_finetune_data(held, host_);
  EXPECT_EQ(data.dev.examples.size(), 4u);
  EXPECT_EQ(data.dev.examples[2].label, "none");
  EXPECT_EQ(jobs::negative_of(held, data.train.labels), "none");
}

// It is not to be found, so whether it could be is nobody's concern.
TEST_F(SentencesJob, AnyEntityWillDo) {
  auto documents = with_relations();
  documents[0]["entities"][0]["end"] = 5;
  documents[1].erase("relations");
  write_rows("documents.jsonl", documents);
  pairs_of(teach_pairs());
  EXPECT_THAT(warnings_, Not(Contains(HasSubstr("cannot be learned"))));
  EXPECT_THAT(warnings_, Contains(HasSubstr("'d2' (")));
  EXPECT_THAT(warnings_, Contains(HasSubstr("nothing is taken from it")));
}

TEST_F(SentencesJob, AClassifierIsAskedAsItLearned) {
  EXPECT_TRUE(jobs::finetune(teach_classes(60), host_).finished);
  const jobs::RunInfo run = jobs::read_run(path("run"));
  EXPECT_TRUE(run.sentences);
  EXPECT_FALSE(run.joint);
  EXPECT_FALSE(run.entities);
  EXPECT_EQ(run.negative, "no_relation");
  EXPECT_FALSE(there("run/entities.safetensors"));
  EXPECT_TRUE(there("run/types.json"));
  const auto rows = answers(ask_run());
  EXPECT_THAT(asked_of(rows), ElementsAre("d1:E1:E2", "d2:E1:E2", "d4:E2:E1", "d4:E2:E3"));
  EXPECT_EQ(rows[0].at("label"), "works_for");
  EXPECT_EQ(rows[2].at("label"), "no_relation");
  jobs::ExtractOptions given = ask_run();
  given.given_entities = true;
  warnings_.clear();
  const auto documents = answers(given);
  EXPECT_THAT(warnings_, IsEmpty());
  ASSERT_EQ(documents[3].at("relations").size(), 1u);
  EXPECT_EQ(documents[3]["relations"][0]["head"], "E2");
  EXPECT_EQ(documents[3]["relations"][0]["label"], "works_for");
  given.entity_threshold = 0.5;
  EXPECT_THAT(error_of([&] { jobs::extract(given, host_); }),
              HasSubstr("--entity-threshold says how sure of an entity to be"));
  given.entity_threshold.reset();
  given.entity_types = {"person"};
  EXPECT_THAT(error_of([&] { jobs::extract(given, host_); }),
              HasSubstr("--entity-types says what to look for"));
  given.entity_types.clear();
  given.input += "?window=40";
  EXPECT_THAT(error_of([&] { jobs::extract(given, host_); }),
              AllOf(HasSubstr("?window= makes pairs of"), HasSubstr("are looked through")));
  given.input = path("documents.jsonl") + "?negative=left";
  EXPECT_THAT(error_of([&] { jobs::extract(given, host_); }), HasSubstr("?negative= makes pairs"));
  given.input = path("documents.jsonl");
  given.min_probability = 0.5;
  EXPECT_THAT(error_of([&] { jobs::extract(given, host_); }),
              AllOf(HasSubstr("--min-probability"), HasSubstr("--given-entities looks for none")));
  jobs::ExtractOptions cut = ask_run();
  cut.input += "?window=40";
  EXPECT_EQ(answers(cut), rows);
  EXPECT_THAT(warnings_, Contains(HasSubstr("window= has no effect")));
}

TEST_F(SentencesJob, AGraphTakesEntitiesOfAnotherRun) {
  EXPECT_TRUE(jobs::finetune(teach_classes(60), host_).finished);
  jobs::FinetuneOptions names = teach_well("bert");
  names.out = path("names");
  EXPECT_TRUE(jobs::finetune(names, host_).finished);
  std::set<std::string> entities;
  EXPECT_THAT(facts_of_graph(entities, path("names")),
              ::testing::UnorderedElementsAre("Bo Nilsen works_for Kestrel Airways",
                                              "Zoë Ruiz left Oslo", "Ana works_for Dolm Air"));
  EXPECT_EQ(entities.size(), 7u);
}

TEST_F(SentencesJob, ALanguageModelStopsAndGoesOn) {
  jobs::FinetuneOptions options = teach_pairs(3);
  options.dev = path("documents.jsonl");
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_THAT(asked_of(answers(ask_run())),
              ElementsAre("d1:E1:E2", "d2:E1:E2", "d4:E2:E1", "d4:E2:E3"));
  jobs::SuggestOptions suggesting;
  static_cast<jobs::ExtractOptions&>(suggesting) = ask_run("s.jsonl");
  suggesting.count = 9;
  suggesting.similar = 1;
  EXPECT_TRUE(jobs::suggest(suggesting, host_));
  size_t pairs = 0;
  for (const json& row : read_rows("s.jsonl")) pairs += row.at("pairs").size();
  EXPECT_EQ(pairs, 4u);
  const std::string adapter = read("run/adapter_model.safetensors");
  options.overwrite = true;
  train_until(2, options);
  jobs::FinetuneOptions other = options;
  other.pairs = "documents";
  EXPECT_THAT(error_of([&] { jobs::finetune(other, host_); }),
              HasSubstr("--pairs was sentences and is now documents"));
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(read("run/adapter_model.safetensors"), adapter);
}

TEST_F(SentencesJob, RefuseWhatTheyCannotDo) {
  jobs::FinetuneOptions options = teach_pairs();
  options.train += "?window=80";
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("window="), HasSubstr("--pairs sentences")));
  options = teach_pairs();
  options.index = path("index");
  EXPECT_THAT(refusal(options), HasSubstr("--index is for rows of pairs"));
  options = teach_pairs();
  options.train = path("rows.jsonl");
  EXPECT_THAT(refusal(options), AllOf(HasSubstr("marks one pair"), HasSubstr("leave --pairs out")));
  options = teach_pairs();
  options.folds = 2;
  EXPECT_THAT(error_of([&] { jobs::finetune_folds(options, host_); }), HasSubstr("--folds"));
  options = teach_both(1);
  options.pairs = "sentences";
  EXPECT_THAT(refusal(options), HasSubstr("joint takes the pairs of sentences without it"));
  options.task = "entities";
  options.prompt = "";
  EXPECT_THAT(refusal(options), HasSubstr("entities learns no pairs"));
}

// Of whole documents: 30 names, two of which are related.
TEST_F(SentencesJob, WhereNearlyAllIsNegativeTheyAreNamed) {
  std::string text;
  Named names;
  for (char c = 'a'; c < 'g'; ++c) {
    names.emplace_back(std::string("N") + c, "person");
    text += names.back().first + (c == 'a' ? " knows " : " came. ");
  }
  json crowd = document("crowd", text, names);
  relate(crowd, "E1", "E2", "knows");
  write_rows("documents.jsonl", {crowd});
  jobs::FinetuneOptions whole = teach_pairs();
  whole.pairs = "documents";
  whole.train += "?negative=none";
  EXPECT_TRUE(jobs::finetune(whole, host_).finished);
  EXPECT_THAT(warnings_, Contains(AllOf(HasSubstr("29 of 30 training rows are labelled 'none'"),
                                        HasSubstr("--pairs sentences"))));
  warnings_.clear();
  whole.negatives = 2;
  whole.overwrite = true;
  EXPECT_TRUE(jobs::finetune(whole, host_).finished);
  EXPECT_THAT(warnings_, Not(Contains(HasSubstr("training rows are labelled"))));
}

}  // namespace
}  // namespace relatum::testing
