// Labels that training left out, lists of labels in training prompts, and descriptions of labels.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "jobs/answerer.h"
#include "jobs/desk.h"
#include "jobs/extract.h"
#include "jobs/finetune.h"
#include "jobs/finetune_rows.h"
#include "support/error_of.h"
#include "task/prompt.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Not;

const std::string kList = "Of: {{labels}}.\n{{text}} {{head}} and {{tail}}:";

class UnseenLabels : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    write("list.txt", kList);
    write("all.json", json(kLabels).dump());
  }
  jobs::FinetuneOptions teach_list(const std::string& parts = "") const {
    jobs::FinetuneOptions options = teach();
    options.prompt = path("list.txt");
    options.train = path("rows.jsonl") + parts;
    return options;
  }
  jobs::ExtractOptions ask_run() const {
    jobs::ExtractOptions options = ask();
    options.model.model = options.prompt = "";
    options.adapter = path("run");
    options.scores = true;
    return options;
  }
  std::vector<json> answers(const jobs::ExtractOptions& options) {
    out_.clear();
    EXPECT_TRUE(jobs::extract(options, host_).finished);
    return json_lines(out_);
  }
  // What the first row's prompt is when these options ask.
  std::string prompt_of(const jobs::ExtractOptions& options) {
    const jobs::ExtractSetup setup = jobs::settle_extract(options, host_);
    const task::Labels labels = options.data.labels.empty()
                                    ? *setup.labels
                                    : task::load_labels(options.data.labels);
    const jobs::Answerer answerer(options, setup, labels, host_);
    const auto data = task::load_dataset(path("rows.jsonl"));
    task::Example first = data.examples[0];
    first.label.reset();
    return answerer.renderer().render(first).prompt;
  }
  // The texts of the rows that a training would have.
  std::vector<std::string> training_texts(const jobs::FinetuneOptions& options) {
    jobs::FinetuneData data = jobs::load_finetune_data(options, host_);
    const engine::Session session(kModel, {"f32", "keep", true});
    const task::PromptRenderer renderer(task::load_style(options.prompt), data.train.labels);
    std::vector<std::string> texts;
    for (const auto& row :
         jobs::make_finetune_rows(options, data, session, renderer, host_).train) {
      texts.push_back(session.tokenizer().decode(row.tokens));
    }
    return texts;
  }
  std::string refusal(const jobs::FinetuneOptions& options) {
    return error_of([&] { jobs::finetune(options, host_); });
  }
};

TEST_F(UnseenLabels, ARunKnowsNothingOfThemAndAnswersThemWhereAsked) {
  ASSERT_TRUE(jobs::finetune(teach_list("?without=part-of,no_relation"), host_).finished);
  EXPECT_EQ(json::parse(read("run/labels.json")), json({kLabels[0], kLabels[2]}));
  EXPECT_EQ(json::parse(read("run/run.json"))["examples"], 5);
  const auto own = answers(ask_run());
  EXPECT_EQ(keys_of(own[0]["scores"]), (std::set<std::string>{kLabels[0], kLabels[2]}));
  EXPECT_THAT(prompt_of(ask_run()), Not(HasSubstr("part-of")));
  jobs::ExtractOptions all = ask_run();
  all.data.labels = path("all.json");
  warnings_.clear();
  const auto asked = answers(all);
  ASSERT_EQ(asked.size(), 10u);
  EXPECT_EQ(keys_of(asked[0]["scores"]), std::set<std::string>(kLabels.begin(), kLabels.end()));
  EXPECT_THAT(warnings_, Contains(HasSubstr("was not trained on 2 of the 4 labels, such as "
                                            "'part-of'")));
  EXPECT_THAT(prompt_of(all), HasSubstr(fmt::format("Of: {}, {}, {}, {}.\n", kLabels[0], kLabels[1],
                                                    kLabels[2], kLabels[3])));
  double sum = 0;
  for (const auto& [label, score] : asked[1]["scores"].items()) {
    EXPECT_GT(score.get<double>(), 0) << label;
    sum += score.get<double>();
  }
  EXPECT_NEAR(sum, 1, 1e-9);
}

// The inventory is given, as a study gives it to all stages.
TEST_F(UnseenLabels, AGivenInventoryLosesThemInTraining) {
  jobs::FinetuneOptions options = teach_list("?without=part-of");
  options.data.labels = path("all.json");
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_EQ(json::parse(read("run/labels.json")), json({kLabels[0], kLabels[2], kLabels[3]}));
}

TEST_F(UnseenLabels, AClassifierHasNoOutputForThem) {
  jobs::FinetuneOptions options = teach_list("?without=part-of");
  options.prompt = "";
  options.head = "classifier";
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  jobs::ExtractOptions asked = ask_run();
  asked.data.labels = path("all.json");
  EXPECT_THAT(error_of([&] { jobs::extract(asked, host_); }),
              AllOf(HasSubstr("'part-of'"), HasSubstr("classifier")));
}

TEST_F(UnseenLabels, ListsAreDrawnForEachRow) {
  jobs::FinetuneOptions options = teach_list();
  const auto full = training_texts(options);
  for (const std::string& text : full) {
    EXPECT_THAT(text, HasSubstr(fmt::format("Of: {}, {}, {}, {}.", kLabels[0], kLabels[1],
                                            kLabels[2], kLabels[3])));
  }
  const auto list_of = [](const std::string& text) {
    const size_t start = text.find("Of: ") + 4;
    return text.substr(start, text.find(".\n") - start);
  };
  for (const char* kind : {"shuffled", "sampled"}) {
    options.label_list = kind;
    const auto texts = training_texts(options);
    ASSERT_EQ(texts.size(), full.size());
    std::set<std::string> lists;
    for (size_t i = 0; i < texts.size(); ++i) {
      const std::string label = corpus()[i]["label"];
      const std::string list = list_of(texts[i]);
      EXPECT_THAT(", " + list + ", ", HasSubstr(", " + label + ", "));
      EXPECT_EQ(texts[i].substr(texts[i].find(".\n")), full[i].substr(full[i].find(".\n")));
      if (kind == std::string("shuffled")) {
        EXPECT_EQ(list.size(), list_of(full[i]).size());
      }
      lists.insert(list);
    }
    EXPECT_GT(lists.size(), 3u) << kind;
    // The same for a row wherever it stands, another by another seed.
    auto turned = corpus();
    std::ranges::reverse(turned);
    write_rows("turned.jsonl", turned);
    jobs::FinetuneOptions other = options;
    other.train = path("turned.jsonl");
    write("labels.json", json(kLabels).dump());
    other.data.labels = path("labels.json");
    auto again = training_texts(other);
    std::ranges::reverse(again);
    EXPECT_EQ(again, texts);
    other.training.seed = 2;
    EXPECT_NE(training_texts(other), training_texts(options));
  }
}

TEST_F(UnseenLabels, ListsAreRecordedAndRefusedWhereThereAreNone) {
  jobs::FinetuneOptions options = teach_list();
  options.label_list = "sampled";
  jobs::FinetuneOptions wrong = options;
  wrong.prompt = path("plain.txt");
  EXPECT_THAT(refusal(wrong), AllOf(HasSubstr("--label-list sampled"), HasSubstr("plain.txt")));
  wrong = options;
  wrong.head = "classifier";
  wrong.prompt = "";
  EXPECT_THAT(refusal(wrong), AllOf(HasSubstr("--label-list"), HasSubstr("--head classifier")));
  wrong.head = "lm";
  wrong.task = "entities";
  EXPECT_THAT(refusal(wrong), AllOf(HasSubstr("--label-list"), HasSubstr("--task entities")));
  ASSERT_FALSE(there("run"));
  options.training.epochs = 3;
  options.training.save_every = 1;
  train_until(2, options);
  EXPECT_EQ(json::parse(read("run/run.json"))["label_list"], "sampled");
  jobs::FinetuneOptions other = options;
  other.label_list = "full";
  EXPECT_THAT(refusal(other), HasSubstr("--label-list"));
  EXPECT_TRUE(jobs::finetune(options, host_).finished);
}

class Descriptions : public UnseenLabels {
 protected:
  void SetUp() override {
    UnseenLabels::SetUp();
    std::string object;
    for (size_t i = 0; i < kLabels.size(); ++i) {
      object += fmt::format("{}\"{}\": \"{}\"", i ? ", " : "{", kLabels[i], texts_[i]);
    }
    write("described.json", object + "}");
  }
  const std::vector<std::string> texts_ = {"the first makes the second", "a piece of it",
                                           "the second makes the first", ""};
};

TEST_F(Descriptions, AreKeptWithTheRunAndAsked) {
  jobs::FinetuneOptions options = teach_list();
  options.data.labels = path("described.json");
  const auto texts = training_texts(options);
  const std::string listed = fmt::format("Of: {}: {}; {}: {}; {}: {}; {}.", kLabels[0], texts_[0],
                                         kLabels[1], texts_[1], kLabels[2], texts_[2], kLabels[3]);
  for (const std::string& text : texts) EXPECT_THAT(text, HasSubstr(listed));
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_THAT(read("run/README.md"), HasSubstr("listed with what labels.json says of them"));
  const auto kept = nlohmann::ordered_json::parse(read("run/labels.json"));
  std::vector<std::string> names;
  for (const auto& item : kept.items()) names.push_back(item.key());
  EXPECT_EQ(names, kLabels);
  EXPECT_EQ(kept[kLabels[1]], texts_[1]);
  EXPECT_THAT(prompt_of(ask_run()), HasSubstr(listed));
  for (const json& row : answers(ask_run())) EXPECT_THAT(kLabels, Contains(row["answer"]));
  // A list names labels alone: those that the run knows are described as it learned them.
  jobs::ExtractOptions more = ask_run();
  more.data.labels = write("more.json", json({"new", kLabels[1]}).dump());
  EXPECT_THAT(prompt_of(more), HasSubstr("Of: new; " + kLabels[1] + ": " + texts_[1] + "."));
}

TEST_F(Descriptions, OthersAreOtherPrompts) {
  jobs::FinetuneOptions options = teach_list();
  options.data.labels = path("described.json");
  options.training.epochs = 3;
  options.training.save_every = 1;
  train_until(2, options);
  options.data.labels = path("all.json");
  EXPECT_THAT(refusal(options), HasSubstr("descriptions"));
}

TEST_F(Descriptions, WithoutAListTheyHaveNoEffectAndThatIsSaid) {
  jobs::FinetuneOptions options = teach();
  options.data.labels = path("described.json");
  ASSERT_TRUE(jobs::finetune(options, host_).finished);
  EXPECT_THAT(warnings_,
              Contains(AllOf(HasSubstr("descriptions have no effect"), HasSubstr("plain.txt"))));
}

}  // namespace
}  // namespace relatum::testing
