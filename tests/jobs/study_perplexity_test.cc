// A study's plain text: asked of each cell's model, kept in its record, shown on the page.
#include "jobs/study_perplexity.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "desk.h"
#include "jobs/study_cell.h"
#include "jobs/study_page.h"
#include "jobs/study_results.h"
#include "support/error_of.h"

namespace relatum::testing {
namespace {

using ::testing::Not;

class StudyText : public Desk {
 protected:
  void SetUp() override {
    Desk::SetUp();
    std::string text;
    for (int i = 0; i < 40; ++i) text += "the ferry waits for the last train from the coast, ";
    write("english.txt", text);
  }
  jobs::StudyCell cell(const std::string& arm, bool trains) const {
    jobs::StudyCell cell;
    cell.arm = arm;
    cell.extract = ask("work/" + arm + ".jsonl");
    cell.extract.model.base = "keep";
    if (trains) {
      cell.seed = 1;
      cell.finetune = teach();
      cell.finetune->training.epochs = 3;
      cell.finetune->model.base = "keep";
      cell.finetune->out = path("work/run");
      cell.extract.adapter = cell.finetune->out;
      cell.facts["finetune"].settings = {{"seed", "1"}};
    }
    cell.gold = path("rows.jsonl");
    cell.facts["extract"].settings = {{"arm", arm}};
    cell.key = jobs::study_key(cell.facts);
    return cell;
  }
  jobs::Study study(const std::string& text) const {
    jobs::Study study;
    study.name = study.title = "texts";
    study.results = path("texts.json");
    study.work = path("work");
    study.cells = {cell("base", false), cell("taught", true)};
    if (!text.empty()) study.text = path(text);
    for (auto& each : study.cells) each.text = jobs::StudyPerplexity(study.text).hash();
    return study;
  }
  json cells() const { return json::parse(read("texts.json"))["cells"]; }
};

TEST_F(StudyText, IsAskedBeforeAndAfterTraining) {
  EXPECT_EQ(jobs::run_study(study("english.txt"), {}, host_).run, 2);
  const json all = cells();
  const json &base = all[0]["text"], &taught = all[1]["text"];
  EXPECT_EQ(base["perplexity"], base["base_perplexity"]);
  EXPECT_EQ(base["change"], 0);
  EXPECT_EQ(taught["base_perplexity"], base["perplexity"]);
  EXPECT_NE(taught["perplexity"], base["perplexity"]);
  EXPECT_NEAR(taught["change"].get<double>(),
              std::log(taught["perplexity"].get<double>() / base["perplexity"].get<double>()),
              1e-9);
  EXPECT_GT(taught["tokens"], 100);
  nn::LossSum sum;
  const auto rows = jobs::text_losses(kModel, read("english.txt"), {});
  for (const nn::LossSum& row : rows.value()) {
    sum.sum += row.sum;
    sum.count += row.count;
  }
  EXPECT_EQ(base["tokens"], sum.count);
  EXPECT_NEAR(base["perplexity"].get<double>(), std::exp(sum.sum / double(sum.count)), 1e-6);
  jobs::write_study_page(path("texts.json"));
  EXPECT_THAT(read("texts.md"), HasSubstr("## What is forgotten"));
  EXPECT_THAT(read("texts.md"),
              HasSubstr(fmt::format("| base | 1 | 1,276 | {0:.1f} | {0:.1f} | 1.00",
                                    base["perplexity"].get<double>())));
}

// Cells that a study without a text left have to be asked; what they made is used again.
TEST_F(StudyText, OfCellsWithoutItIsAskedAfterwards) {
  EXPECT_EQ(jobs::run_study(study(""), {}, host_).run, 2);
  EXPECT_FALSE(cells()[1].contains("text"));
  const std::string trained = read("work/run/run.json");
  EXPECT_EQ(jobs::run_study(study("english.txt"), {}, host_).run, 2);
  ASSERT_EQ(cells().size(), 2u);
  EXPECT_TRUE(cells()[1].contains("text"));
  EXPECT_EQ(read("work/run/run.json"), trained);
  EXPECT_EQ(jobs::run_study(study("english.txt"), {}, host_).run, 0);
  EXPECT_EQ(jobs::run_study(study(""), {}, host_).run, 0) << "a text more does no harm";
  std::string other;
  for (int i = 0; i < 10; ++i) other += "another text of some length about the weather at sea, ";
  write("other.txt", other);
  EXPECT_EQ(jobs::run_study(study("other.txt"), {.most_cells = 1}, host_).run, 1);
  jobs::write_study_page(path("texts.json"));
  EXPECT_THAT(read("texts.md"), HasSubstr("other.txt (SHA-256 "));
  EXPECT_THAT(read("texts.md"), HasSubstr("| base | 1 | "));
  EXPECT_THAT(read("texts.md"), Not(HasSubstr("| taught | 1 | 1,2"))) << "asked of the other text";
}

// As products of integers give it: near the others, and not the same.
TEST_F(StudyText, IsAskedInTheArmsNumberFormat) {
  jobs::Study integers = study("english.txt");
  integers.cells.erase(integers.cells.begin());
  EXPECT_EQ(jobs::run_study(integers, {}, host_).run, 1);
  const double plain = cells()[0]["text"]["perplexity"];
  jobs::StudyCell& cell = integers.cells[0];
  cell.extract.model.compute = "int8";
  cell.extract.out = path("work/int8.jsonl");
  cell.facts["extract"].settings["compute"] = "int8";
  cell.key = jobs::study_key(cell.facts);
  EXPECT_EQ(jobs::run_study(integers, {}, host_).run, 1);
  const double rounded = cells()[1]["text"]["perplexity"];
  EXPECT_NE(rounded, plain);
  // A bound for gross faults alone, such as weights that are not read.
  EXPECT_NEAR(rounded / plain, 1, 0.05);
}

TEST_F(StudyText, IsNoneOfAModelThatGoesOnWithNone) {
  jobs::Study encoder = study("english.txt");
  encoder.cells.erase(encoder.cells.begin());
  jobs::StudyCell& only = encoder.cells[0];
  only.finetune->model.model = kEmbedder;
  only.finetune->head = "classifier";
  only.finetune->prompt.clear();
  only.extract.model.model.clear();
  only.finetune->model.base = only.extract.model.base = "auto";
  only.extract.prompt.clear();
  EXPECT_EQ(jobs::run_study(encoder, {}, host_).run, 1);
  EXPECT_EQ(cells()[0]["text"].size(), 1u) << cells()[0]["text"];
  EXPECT_EQ(jobs::run_study(encoder, {}, host_).run, 0);
  EXPECT_EQ(jobs::study_perplexity_text(json::parse(read("texts.json")), std::vector{only.arm}),
            "");
}

TEST_F(StudyText, MayBeThatOfDocuments) {
  std::string other;
  for (int i = 0; i < 10; ++i) other += "another text of some length about the weather at sea, ";
  const json rows[] = {{{"text", other}}, {{"text", "and another"}}, {{"text", other}}};
  std::string lines;
  for (const json& row : rows) lines += row.dump() + "\n";
  write("texts.jsonl", lines);
  write("same.txt", other + "\n\nand another\n\n");
  EXPECT_EQ(jobs::StudyPerplexity(path("texts.jsonl")).hash(),
            jobs::StudyPerplexity(path("same.txt")).hash());
}

TEST_F(StudyText, IsRefusedWhereItIsBlankOrMissing) {
  write("blank.txt", " \n\n");
  EXPECT_THAT(error_of([&] { study("blank.txt"); }), HasSubstr("blank.txt is too short"));
  EXPECT_THAT(error_of([&] { study("none.txt"); }), HasSubstr("none.txt"));
}

}  // namespace
}  // namespace relatum::testing
