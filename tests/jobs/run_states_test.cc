// A run as its own embedder: its vectors, an index of them, and what cannot be one.
#include "jobs/run_states.h"

#include <cmath>
#include <filesystem>

#include "jobs/build_index.h"
#include "jobs/desk.h"
#include "jobs/extract.h"
#include "jobs/retrieval.h"
#include "support/error_of.h"
#include "support/models.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;

class RunStatesJob : public Desk {
 protected:
  void train(const std::string& head = "", const std::string& out = "run") {
    jobs::FinetuneOptions options = teach();
    options.out = path(out);
    options.learning_rate = 1e-2;
    if (!head.empty()) {
      options.head = head;
      options.prompt = "";
      options.model.model = fixture("bert").string();
    }
    ASSERT_TRUE(jobs::finetune(options, host_).finished);
  }
  task::Dataset rows(const std::string& name = "rows.jsonl") const {
    return task::load_dataset("jsonl:" + path(name));
  }
  Matrix<float> states(const std::string& run, const task::Dataset& data) {
    return jobs::RunStates(path(run), {}, host_).of(data.examples, host_.context);
  }
  jobs::IndexOptions index_of(const std::string& run, const std::string& out) const {
    jobs::IndexOptions index;
    index.input = path("rows.jsonl");
    index.embedder = path(run);
    index.out = path(out);
    return index;
  }
  std::string refusal(const jobs::IndexOptions& options) {
    const std::string sentence = error_of([&] { jobs::build_index(options, host_); });
    EXPECT_FALSE(std::filesystem::exists(options.out));
    return sentence;
  }
  static double product(const Matrix<float>& a, int64_t i, const Matrix<float>& b, int64_t k) {
    double sum = 0;
    for (int64_t c = 0; c < a.cols(); ++c) sum += double(a.row(i)[c]) * double(b.row(k)[c]);
    return sum;
  }
};

TEST_F(RunStatesJob, AreUnitVectorsOfTheSentenceAndNotOfItsLabel) {
  train();
  auto written = corpus();
  written.push_back(written[0]);
  written.back()["id"] = "again";
  written.back()["label"] = "no_relation";
  write_rows("more.jsonl", written);
  const Matrix<float> vectors = states("run", rows("more.jsonl"));
  const int64_t last = vectors.rows() - 1;
  ASSERT_EQ(last, int64_t(corpus().size()));
  for (int64_t i = 0; i <= last; ++i) EXPECT_NEAR(product(vectors, i, vectors, i), 1, 1e-5);
  EXPECT_NEAR(product(vectors, 0, vectors, last), 1, 1e-5);
  EXPECT_LT(product(vectors, 0, vectors, 1), 1 - 1e-4);
}

TEST_F(RunStatesJob, OfAClassifierAreBothStatesThatItReads) {
  train("classifier");
  jobs::RunStates states(path("run"), {}, host_);
  const int64_t width = engine::Session(fixture("bert"), {}).model().info().width;
  EXPECT_EQ(states.of(rows().examples, host_.context).cols(), 2 * width);
  EXPECT_EQ(states.described(), "states that the classifier reads, normalised");
  ASSERT_TRUE(jobs::build_index(index_of("run", "index"), host_));
  jobs::Retrieval retrieval(path("index"), "", "", host_);
  const auto found = retrieval.find(rows().examples, {1}, jobs::QueryKind::kTest, host_.context);
  for (size_t i = 0; i < rows().examples.size(); ++i) {
    EXPECT_EQ(found.references[i][0].id, rows().examples[i].id);
  }
}

TEST_F(RunStatesJob, FindWhatTheRunHoldsForAlikeWhereverBothLie) {
  train();
  ASSERT_TRUE(jobs::build_index(index_of("run", "index"), host_));
  const json made = json::parse(read("index/index.json")).at("embedder");
  EXPECT_EQ(made.at("kind"), "run");
  EXPECT_EQ(made.at("name"), "../run");
  const Matrix<float> vectors = states("run", rows());
  const auto nearest_of = [&](const std::string& index, const std::string& run) {
    jobs::Retrieval retrieval(path(index), run.empty() ? "" : path(run), "", host_);
    return retrieval.find(rows().examples, {1}, jobs::QueryKind::kTraining, host_.context)
        .references;
  };
  const auto found = nearest_of("index", "");
  for (int64_t i = 0; i < vectors.rows(); ++i) {
    double best = -2;
    for (int64_t k = 0; k < vectors.rows(); ++k) {
      if (k != i) best = std::max(best, product(vectors, i, vectors, k));
    }
    EXPECT_NEAR(double(found[size_t(i)][0].similarity), best, 1e-5);
  }
  std::filesystem::create_directory(path("away"));
  std::filesystem::rename(path("run"), path("away/run"));
  EXPECT_THAT(
      error_of([&] { nearest_of("index", ""); }),
      AllOf(HasSubstr("holds states of a run, and there is none at"), HasSubstr("--embedder")));
  EXPECT_EQ(nearest_of("index", "away/run")[0][0].id, found[0][0].id);
  std::filesystem::rename(path("index"), path("away/index"));
  EXPECT_EQ(nearest_of("away/index", "")[0][0].id, found[0][0].id);
}

TEST_F(RunStatesJob, ShowExamplesToAnotherRunThatUsesThemAgain) {
  train();
  ASSERT_TRUE(jobs::build_index(index_of("run", "index"), host_));
  jobs::FinetuneOptions second = teach();
  second.prompt = write("maybe.txt",
                        "{{#example}}{{example_text}} {{example_label}}\n{{/example}}{{text}}:");
  second.index = path("index");
  second.out = path("second");
  ASSERT_TRUE(jobs::finetune(second, host_).finished);
  jobs::ExtractOptions asked = ask();
  asked.model.model = asked.prompt = "";
  asked.adapter = path("second");
  out_.clear();
  EXPECT_TRUE(jobs::extract(asked, host_).finished);
  for (const json& row : json_lines(out_)) EXPECT_EQ(row.at("neighbours").size(), 1u);
  // Its own prompts may do without an example.
  EXPECT_TRUE(jobs::build_index(index_of("second", "other"), host_));
}

TEST_F(RunStatesJob, SentencesThatAreTooLongAreNamedOrNobodysNeighbour) {
  train();
  auto written = corpus();
  std::string more;
  for (int i = 0; i < 400; ++i) more += " and so on";
  written[3]["text"] = written[3]["text"].get<std::string>() + more;
  write_rows("rows.jsonl", written);
  const std::string id = written[3]["id"];
  EXPECT_THAT(refusal(index_of("run", "index")), HasSubstr("example '" + id + "' takes"));
  jobs::IndexOptions skipping = index_of("run", "index");
  skipping.data.skip_bad_rows = true;
  warnings_.clear();
  ASSERT_TRUE(jobs::build_index(skipping, host_));
  EXPECT_THAT(warnings_,
              ::testing::Contains(HasSubstr("1 sentence longer than the run's context, and")));
  jobs::Retrieval retrieval(path("index"), "", "", host_);
  const auto found = retrieval.find(rows().examples, {1}, jobs::QueryKind::kTest, host_.context);
  for (size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ(found.references[i][0].id == written[i]["id"], i != 3);  // that one is not stored
  }
}

// Alone, so that no row says how wide vectors are.
TEST_F(RunStatesJob, OfSentencesThatAreAllTooLongThereIsNothing) {
  train("classifier");
  ASSERT_TRUE(jobs::build_index(index_of("run", "index"), host_));
  auto written = corpus();
  written.resize(1);
  std::string more;
  for (int i = 0; i < 400; ++i) more += " and so on";
  written[0]["text"] = written[0]["text"].get<std::string>() + more;
  write_rows("long.jsonl", written);
  jobs::Retrieval retrieval(path("index"), "", "", host_);
  retrieval.find(rows("long.jsonl").examples, {1}, jobs::QueryKind::kTest, host_.context);
  jobs::IndexOptions none = index_of("run", "none");
  none.input = path("long.jsonl");
  none.data.skip_bad_rows = true;
  EXPECT_THAT(refusal(none), HasSubstr("every sentence is longer than the context"));
}

// As `--out index` names it: a path without a folder in front of it.
TEST_F(RunStatesJob, TheIndexKnowsWhereTheRunLiesHoweverBothAreNamed) {
  train();
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(path("."));
  for (const std::string& run : {std::string("run"), std::string("./run/"), path("run")}) {
    jobs::IndexOptions index = index_of("run", "index");
    index.input = "rows.jsonl";
    index.out = "index";
    index.overwrite = true;
    index.embedder = run;
    EXPECT_TRUE(jobs::build_index(index, host_));
    EXPECT_EQ(json::parse(read("index/index.json")).at("embedder").at("name"), "../run") << run;
  }
  std::filesystem::current_path(before);
}

TEST_F(RunStatesJob, WhatIsNoVectorIsRefusedByName) {
  train();
  jobs::IndexOptions prefixed = index_of("run", "index");
  prefixed.query_prefix = "query: ";
  EXPECT_THAT(refusal(prefixed), HasSubstr("--query-prefix is for embedders"));
  ASSERT_TRUE(jobs::build_index(index_of("run", "index"), host_));
  train("classifier", "other");
  EXPECT_THAT(error_of([&] { jobs::Retrieval(path("index"), path("other"), "", host_); }),
              HasSubstr("their vectors cannot be compared"));
  jobs::FinetuneOptions needy = teach();
  needy.prompt = write("example.txt", "{{example_text}} {{example_label}}\n{{text}}:");
  needy.index = path("index");
  needy.out = path("needy");
  ASSERT_TRUE(jobs::finetune(needy, host_).finished);
  EXPECT_THAT(refusal(index_of("needy", "none")),
              HasSubstr("its prompts need a retrieved example"));
  EXPECT_THAT(error_of([&] { jobs::Retrieval(path("index"), kEmbedder, "", host_); }),
              HasSubstr("this is no run"));
  jobs::IndexOptions plain = index_of("run", "plain");
  plain.embedder = kEmbedder;
  ASSERT_TRUE(jobs::build_index(plain, host_));
  EXPECT_THAT(error_of([&] { jobs::Retrieval(path("plain"), path("run"), "", host_); }),
              HasSubstr("is a run, and the index was made with"));
  write("index/index.json", [&] {
    json manifest = json::parse(read("index/index.json"));
    manifest["embedder"]["kind"] = "oracle";
    return manifest.dump();
  }());
  EXPECT_THAT(error_of([&] { jobs::Retrieval(path("index"), "", "", host_); }),
              HasSubstr("of the kind 'oracle'"));
}

}  // namespace
}  // namespace relatum::testing
