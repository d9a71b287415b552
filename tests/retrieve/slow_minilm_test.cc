// Holds all-MiniLM-L6-v2 on SemEval-2010 to the vectors and neighbours that RAG4RE published.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>

#include "io/json.h"
#include "io/npy.h"
#include "retrieve/embedder.h"
#include "retrieve/index.h"
#include "support/shared.h"

namespace relatum::retrieve {
namespace {

using relatum::testing::model_file;
using relatum::testing::shared_file;

void cut_out(std::string& text, std::string_view what) {
  for (size_t at; (at = text.find(what)) != std::string::npos;) text.erase(at, what.size());
}

// The sentences of a SemEval file, without markers and outer quotes: lines `number TAB "text"`.
std::vector<std::string> sentences(const std::filesystem::path& file) {
  std::vector<std::string> result;
  std::ifstream lines(file);
  for (std::string line; std::getline(lines, line);) {
    const size_t tab = line.find("\t\"");
    if (tab == std::string::npos) continue;
    line.erase(0, tab + 2);
    while (!line.empty() && std::string_view("\r\n ").find(line.back()) != std::string::npos) {
      line.pop_back();
    }
    if (line.ends_with('"')) line.pop_back();
    for (const char* marker : {"<e1>", "</e1>", "<e2>", "</e2>"}) cut_out(line, marker);
    result.push_back(line);
  }
  return result;
}

double cosine(const float* a, const float* b, int64_t n) {
  double ab = 0, aa = 0, bb = 0;
  for (int64_t i = 0; i < n; ++i) {
    ab += double(a[i]) * b[i];
    aa += double(a[i]) * a[i];
    bb += double(b[i]) * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

double worst_cosine(const Matrix<float>& a, const Matrix<float>& b) {
  double worst = 1;
  for (int64_t i = 0; i < a.rows(); ++i) {
    worst = std::min(worst, cosine(a.row(i), b.row(i), a.cols()));
  }
  return worst;
}

class SlowMiniLm : public ::testing::Test {
 protected:
  void SetUp() override {
    RELATUM_NEEDS(model_);
    RELATUM_NEEDS(test_file_);
    test_ = sentences(*test_file_);
    ASSERT_EQ(test_.size(), 2717u);
  }
  std::optional<std::filesystem::path> model_ = model_file("all-minilm-l6-v2");
  std::optional<std::filesystem::path> test_file_ = shared_file("semeval2010/TEST_FILE_CLEAN.TXT");
  std::vector<std::string> test_;
};

TEST_F(SlowMiniLm, EqualsThePublishedVectors) {
  const auto published = shared_file("rag4re/semeval_test_emb.npy");
  RELATUM_NEEDS(published);
  const Matrix<float> got = Embedder(*model_).embed(test_, {});
  const double worst = worst_cosine(got, io::read_npy(*published));
  RecordProperty("worst_cosine", std::to_string(worst));
  EXPECT_GE(worst, 0.9999);
}

TEST_F(SlowMiniLm, FindsThePublishedNeighbours) {
  const auto published = shared_file("rag4re/semeval_similar_sentences.json");
  const auto train_file = shared_file("semeval2010/TRAIN_FILE.TXT");
  RELATUM_NEEDS(published);
  RELATUM_NEEDS(train_file);
  const std::vector<std::string> train = sentences(*train_file);
  ASSERT_EQ(train.size(), 8000u);
  Embedder embedder(*model_);
  Index index(embedder.dimension());
  index.add(embedder.embed(train, {}).view());
  const auto found = index.search(embedder.embed(test_, {}).view(), 1);
  int64_t same = 0, same_text = 0;
  double furthest = 0;
  for (const auto& row : io::load_json(*published)) {
    const auto query = size_t(io::require_int(row, "test", "similar"));
    const int64_t want = io::require_int(row, "train_idex", "similar");
    const Neighbour& got = found.at(query).at(0);
    same += got.row == want;
    same_text += train[size_t(got.row)] == train.at(size_t(want));
    const double difference = got.similarity - io::require_double(row, "simscore", "similar");
    furthest = std::max(furthest, std::abs(difference));
  }
  RecordProperty("same_row", std::to_string(same));
  RecordProperty("same_text", std::to_string(same_text));
  std::cout << same << " rows and " << same_text << " texts of 2717 as published, similarities "
            << "within " << furthest << "\n";
  EXPECT_GE(double(same_text), 0.999 * 2717);
}

TEST_F(SlowMiniLm, Bf16StaysCloseToF32) {
  const std::vector<std::string> some(test_.begin(), test_.begin() + 500);
  const Matrix<float> full = Embedder(*model_).embed(some, {});
  EXPECT_GE(worst_cosine(Embedder(*model_, "bf16").embed(some, {}), full), 0.999);
}

}  // namespace
}  // namespace relatum::retrieve
