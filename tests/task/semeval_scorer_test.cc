// Every figure that SemEval-2010 Task 8's scorer printed for its own examples.
#include "task/semeval_scorer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <sstream>

#include "support.h"
#include "support/shared.h"

namespace relatum::task {
namespace {

/// `id TAB label` lines.
std::map<std::string, std::string> read_key(const std::filesystem::path& path) {
  std::map<std::string, std::string> labels;
  std::istringstream lines(testing::slurp(path));
  for (std::string id, label; lines >> id >> label;) labels[id] = label;
  return labels;
}

/// The printed file as its three evaluations, without the empty lines.
std::vector<std::string> printed_blocks(const std::filesystem::path& path) {
  std::vector<std::string> blocks;
  std::istringstream lines(testing::slurp(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("<<<")) blocks.emplace_back();
    if (!blocks.empty() && line.find_first_not_of(" \t\r") != std::string::npos) {
      blocks.back() += line + "\n";
    }
  }
  return blocks;
}

std::string short_name(const std::string& relation) {
  if (relation == "Other") return "_O_";
  const size_t dash = relation.find('-'), bracket = relation.find('(');
  std::string name = relation.substr(0, 1) + "-" + relation.substr(dash + 1, 1);
  return bracket == std::string::npos ? name : name + relation[bracket + 2];
}

std::vector<std::string> numbers(std::string line) {
  static const std::regex number("[0-9]+(\\.[0-9]+)?");
  if (const size_t at = line.find("F1"); at != std::string::npos) line.erase(at, 2);
  return {std::sregex_token_iterator(line.begin(), line.end(), number), {}};
}

std::string percent(double fraction) { return fmt::format("{:.2f}", 100 * fraction); }

/// The matrix's row of one relation as the scorer prints its numbers.
std::vector<std::string> matrix_row(const SemevalEvaluation& block, size_t g, bool official) {
  std::vector<std::string> row;
  int64_t sum = 0;
  for (const int64_t count : block.matrix[g]) {
    row.push_back(std::to_string(count));
    sum += count;
  }
  row.push_back(std::to_string(sum));
  if (official) row.push_back(std::to_string(block.wrong_direction[g]));
  row.push_back(std::to_string(block.skipped[g]));
  row.push_back(std::to_string(block.actual[g]));
  return row;
}

std::vector<std::string> column_sums(const SemevalEvaluation& block, bool official) {
  std::vector<std::string> row;
  int64_t all = 0, wrong = 0, skipped = 0;
  for (size_t p = 0; p < block.relations.size(); ++p) {
    int64_t sum = 0;
    for (const auto& gold : block.matrix) sum += gold[p];
    row.push_back(std::to_string(sum));
    all += sum;
    wrong += block.wrong_direction[p];
    skipped += block.skipped[p];
  }
  row.push_back(std::to_string(all));
  if (official) row.push_back(std::to_string(wrong));
  row.push_back(std::to_string(skipped));
  row.push_back(std::to_string(block.total));
  return row;
}

std::vector<std::string> score_row(const SemevalRow& row, bool official) {
  std::vector<std::string> out = {std::to_string(row.correct)};
  if (official) {
    out.push_back(std::to_string(row.predicted));
    out.push_back(std::to_string(row.wrong_direction));
  } else {
    out.push_back(std::to_string(row.predicted + row.wrong_direction));
  }
  for (const std::string& each :
       {percent(row.scores.precision), std::to_string(row.correct), std::to_string(row.gold),
        percent(row.scores.recall), percent(row.scores.f1)}) {
    out.push_back(each);
  }
  return out;
}

/// Reads one printed block line by line and compares every number in it.
class Checker {
 public:
  Checker(const SemevalEvaluation& block, bool official) : block_(block), official_(official) {}

  void check(const std::string& text) {
    std::istringstream lines(text);
    std::string last;
    for (std::string line; std::getline(lines, line); last = line) {
      SCOPED_TRACE(line);
      check_line(line, last);
    }
    EXPECT_EQ(rows_, block_.rows.size());
    EXPECT_EQ(averages_, 2);
  }
  int64_t compared() const { return compared_; }

 private:
  void same(const std::vector<std::string>& expected, const std::vector<std::string>& got) {
    EXPECT_EQ(expected, got);
    compared_ += int64_t(expected.size());
  }

  void check_line(const std::string& line, const std::string& last) {
    const size_t bar = line.find('|');
    if (line.find("official score is") != std::string::npos) {
      EXPECT_NE(line.find("F1 = " + percent(block_.macro.f1) + "%"), std::string::npos);
    } else if (bar != std::string::npos) {
      check_matrix_row(line, bar);
    } else if (line.starts_with(" -SUM-")) {
      same(numbers(line), column_sums(block_, official_));
    } else if (line.starts_with("Coverage")) {
      same(numbers(line), share(block_.answered, block_.coverage()));
    } else if (line.starts_with("Accuracy (calculated")) {
      std::vector<std::string> row = share(block_.right, block_.accuracy());
      row[1] = std::to_string(block_.answered);
      same(numbers(line), row);
    } else if (line.starts_with("Accuracy") && line.find("as Wrong") != std::string::npos) {
      same(numbers(line), share(block_.right, block_.accuracy_skipped_wrong()));
    } else if (line.starts_with("Accuracy")) {
      same(numbers(line),
           share(block_.right + block_.skipped_other, block_.accuracy_skipped_other()));
    } else if (line.find(" :    P =") != std::string::npos) {
      const std::string name = line.substr(0, line.find(" :"));
      const SemevalRow& row = block_.rows.at(rows_++);
      EXPECT_TRUE(name.ends_with(row.relation));
      same(numbers(line.substr(line.find(" :"))), score_row(row, official_));
    } else if (line.starts_with("P = ") && last.starts_with("Micro")) {
      same(numbers(line), score_row(block_.micro, false));
      ++averages_;
    } else if (line.starts_with("P = ")) {
      same(numbers(line), {percent(block_.macro.precision), percent(block_.macro.recall),
                           percent(block_.macro.f1)});
      ++averages_;
    }
  }

  void check_matrix_row(const std::string& line, size_t bar) {
    std::istringstream first(line.substr(0, bar));
    std::string name;
    first >> name;
    for (size_t g = 0; g < block_.relations.size(); ++g) {
      if (short_name(block_.relations[g]) == name) {
        return same(numbers(line.substr(bar)), matrix_row(block_, g, official_));
      }
    }
    ADD_FAILURE() << "no row " << name;
  }

  std::vector<std::string> share(int64_t part, double fraction) const {
    return {std::to_string(part), std::to_string(block_.total), percent(fraction)};
  }

  const SemevalEvaluation& block_;
  bool official_;
  size_t rows_ = 0;
  int averages_ = 0;
  int64_t compared_ = 0;
};

TEST(SemevalScorer, PrintsTheOfficialFigures) {
  const Labels labels(semeval_labels());
  int64_t compared = 0;
  for (const char* number : {"1", "2", "3", "5"}) {
    SCOPED_TRACE(number);
    const auto find = [&](const std::string& stem) {
      return relatum::testing::shared_file("semeval2010/scorer-examples/" + stem + number + ".txt");
    };
    RELATUM_NEEDS(find("result_scores"));
    const auto gold = read_key(*find("answer_key"));
    const auto proposed = read_key(*find("proposed_answer"));
    Confusion confusion(labels, int32_t(labels.size() - 1));
    for (const auto& [id, label] : gold) {
      const auto answer = proposed.find(id);
      confusion.add(
          int32_t(labels.index(label, id)),
          answer == proposed.end() ? Confusion::kNone : int32_t(labels.index(answer->second, id)));
    }
    const SemevalScores scores = score_semeval(confusion);
    const auto blocks = printed_blocks(*find("result_scores"));
    ASSERT_EQ(blocks.size(), 4u);  // the last is the sentence with the official score
    const std::string last = blocks[2] + blocks[3];
    for (const auto& [block, text, official] : {std::tuple(&scores.directed, &blocks[0], false),
                                                std::tuple(&scores.undirected, &blocks[1], false),
                                                std::tuple(&scores.official, &last, true)}) {
      Checker checker(*block, official);
      checker.check(*text);
      compared += checker.compared();
    }
  }
  EXPECT_GT(compared, 1500);
}

TEST(SemevalScorer, TellsItsLabelSet) {
  const auto told = [](const Labels& labels) { return is_semeval(Confusion(labels, {})); };
  EXPECT_TRUE(told(Labels(semeval_labels())));
  EXPECT_TRUE(told(Labels({"Other", "Message-Topic(e2,e1)"})));
  EXPECT_FALSE(told(Labels({"Other"})));
  EXPECT_FALSE(told(Labels()));
  EXPECT_FALSE(told(Labels({"Other", "Message-Topic"})));
  EXPECT_EQ(Labels(semeval_labels()).size(), 19);
}

TEST(SemevalScorer, WrongDirectionStaysInPrecisionsDenominator) {
  const Labels labels({"Other", "Cause-Effect(e1,e2)", "Cause-Effect(e2,e1)"});
  Confusion confusion(labels, 0);
  confusion.add(1, 1, 3);
  confusion.add(1, 2, 1);
  confusion.add(0, 1, 1);
  confusion.add(1, Confusion::kNone, 1);
  const SemevalScores scores = score_semeval(confusion);
  EXPECT_DOUBLE_EQ(scores.official.macro.precision, 3.0 / 5);
  EXPECT_DOUBLE_EQ(scores.official.macro.recall, 3.0 / 5);
  EXPECT_DOUBLE_EQ(scores.undirected.macro.recall, 4.0 / 5);
}

TEST(SemevalScorer, LabelsOfNoRelationTakePartAsTheHeaderSays) {
  // Inventory: the first three; "new" stands in the gold, the last two in answers alone.
  const Labels labels(
      {"Other", "Cause-Effect(e1,e2)", "Message-Topic(e1,e2)", "new", "Cause-Effect", "nonsense"});
  const auto macro = [&](int32_t gold, int32_t predicted) {
    Confusion confusion(labels, 0, LabelScope{3, 4});
    confusion.add(1, 1, 3);
    confusion.add(2, 2, 1);
    confusion.add(gold, predicted, 1);
    return score_semeval(confusion).official.macro;
  };
  const Scores unanswered = macro(1, Confusion::kNone);
  EXPECT_DOUBLE_EQ(unanswered.precision, 1.0);
  EXPECT_DOUBLE_EQ(unanswered.recall, (3.0 / 4 + 1) / 2);
  // Without its direction: as in the wrong direction.
  EXPECT_DOUBLE_EQ(macro(1, 4).precision, (3.0 / 4 + 1) / 2);
  EXPECT_DOUBLE_EQ(macro(1, 4).recall, unanswered.recall);
  EXPECT_DOUBLE_EQ(macro(2, 4).precision, (3.0 / 4 + 1) / 2);  // an answer of Cause-Effect
  // No relation at all: against recall alone.
  EXPECT_DOUBLE_EQ(macro(1, 5).precision, unanswered.precision);
  EXPECT_DOUBLE_EQ(macro(1, 5).recall, unanswered.recall);
  // A gold label that is none: no relation of its own, but against the precision of the answer.
  EXPECT_DOUBLE_EQ(macro(3, 1).precision, (3.0 / 4 + 1) / 2);
  EXPECT_DOUBLE_EQ(macro(3, 1).recall, 1.0);
}

}  // namespace
}  // namespace relatum::task
