// What an index keeps of how it was made: prefixes and pooling, and that both are used again.
#include <cmath>

#include "base/error.h"
#include "desk.h"
#include "io/json.h"
#include "jobs/build_index.h"
#include "jobs/retrieval.h"
#include "retrieve/embedder.h"
#include "retrieve/store.h"
#include "support/tensors.h"
#include "support/tolerance.h"

namespace relatum::testing {
namespace {

class Prefixes : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    fs::copy(fixture("encoders/xlm_roberta"), embedder(), fs::copy_options::recursive);
    index_.input = path("rows.jsonl");
    index_.embedder = embedder();
    index_.out = path("index");
    index_.overwrite = true;
  }
  std::string embedder() const { return path("tiny"); }
  std::vector<std::string> texts() const {
    std::vector<std::string> texts;
    for (const json& row : corpus()) texts.push_back(row["text"]);
    return texts;
  }
  // The cosine of the first row's neighbour, itself, which the index finds.
  double similarity() {
    jobs::Retrieval retrieval(index_.out, embedder(), "", host_);
    const auto data = jobs::DataChoice{}.load(path("rows.jsonl"), true, host_);
    const auto found = retrieval.find(data.examples, {10}, jobs::QueryKind::kTest, host_.context);
    for (size_t i = 0; i < found.references.at(0).size(); ++i) {
      if (found.references[0][i].id == "1") return found.references[0][i].similarity;
    }
    return NAN;
  }
  // What it has to be, of vectors with these prefixes.
  double product(const std::string& query, const std::string& passage) {
    retrieve::Embedder model(embedder());
    const std::vector<std::string> first = {texts()[0]};
    const Matrix<float> q = model.embed(first, {}, {.prefix = query});
    const Matrix<float> p = model.embed(first, {}, {.prefix = passage});
    double sum = 0;
    for (int64_t i = 0; i < q.cols(); ++i) sum += double(q.row(0)[i]) * p.row(0)[i];
    return sum;
  }
  jobs::IndexOptions index_;
};

TEST_F(Prefixes, OfTheModelsFilesAreUsedAndKept) {
  ASSERT_TRUE(jobs::build_index(index_, host_));
  const auto store = retrieve::load_store(index_.out);
  EXPECT_EQ(store.embedder.query_prefix, "query: ");
  EXPECT_EQ(store.embedder.passage_prefix, "passage: ");
  EXPECT_EQ(store.embedder.described, "mean, normalised, 60 tokens");
  EXPECT_NEAR(similarity(), product("query: ", "passage: "), 1e-6);
  EXPECT_LT(similarity(), 0.999);
}

TEST_F(Prefixes, OfTheUserCountMore) {
  index_.query_prefix = index_.passage_prefix = "";
  ASSERT_TRUE(jobs::build_index(index_, host_));
  EXPECT_NEAR(similarity(), 1.0, 1e-6);
  index_.query_prefix = "of: ";
  ASSERT_TRUE(jobs::build_index(index_, host_));
  EXPECT_EQ(retrieve::load_store(index_.out).embedder.passage_prefix, "");
  EXPECT_NEAR(similarity(), product("of: ", ""), 1e-6);
}

TEST_F(Prefixes, OlderIndexesHaveTheDefaultPromptOnBothSides) {
  index_.query_prefix = index_.passage_prefix = "";
  ASSERT_TRUE(jobs::build_index(index_, host_));
  const fs::path manifest = fs::path(index_.out) / "index.json";
  json value = io::load_json(manifest);
  for (const char* key : {"query_prefix", "passage_prefix", "described"}) {
    EXPECT_EQ(value["embedder"].erase(key), 1u);
  }
  write_file(manifest, value.dump());
  EXPECT_NEAR(similarity(), 1.0, 1e-6);
}

// Where no module makes the length 1, older builds stored vectors as they were.
TEST_F(Prefixes, OlderIndexesKeepTheLengthsThatTheModulesLeave) {
  fs::remove_all(embedder());
  fs::copy(fixture("encoders/roberta"), embedder(), fs::copy_options::recursive);
  write("tiny/config_sentence_transformers.json", R"({"similarity_fn_name": "dot"})");
  ASSERT_TRUE(jobs::build_index(index_, host_));
  const fs::path manifest = fs::path(index_.out) / "index.json";
  json value = io::load_json(manifest);
  for (const char* key : {"query_prefix", "passage_prefix", "described"}) {
    EXPECT_EQ(value["embedder"].erase(key), 1u);
  }
  write_file(manifest, value.dump());
  write("tiny/config_sentence_transformers.json", R"({"similarity_fn_name": "cosine"})");
  const double want = product("", "");
  EXPECT_GT(want, 1.5);
  EXPECT_NEAR(similarity(), want, want * rounding_bound(2 * value["dimension"].get<int64_t>()));
}

TEST_F(Prefixes, AnEmbedderWithAnotherPoolingIsRefused) {
  ASSERT_TRUE(jobs::build_index(index_, host_));
  write("tiny/1_Pooling/config.json", R"({"pooling_mode": "cls"})");
  EXPECT_THAT([&] { similarity(); },
              ThrowsMessage<Error>(::testing::AllOf(HasSubstr("'mean, normalised, 60 tokens'"),
                                                    HasSubstr("'cls, normalised, 60 tokens'"))));
}

TEST_F(Prefixes, AnEmbedderThatComparesByDistanceIsRefused) {
  write("tiny/config_sentence_transformers.json", R"({"similarity_fn_name": "euclidean"})");
  EXPECT_THAT([&] { jobs::build_index(index_, host_); },
              ThrowsMessage<Error>(HasSubstr("compared by distance")));
  EXPECT_FALSE(fs::exists(index_.out));
}

}  // namespace
}  // namespace relatum::testing
