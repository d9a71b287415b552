// Smaller stages: rows of an extraction, gold labels, the index, what an adapter was trained with.
#include "base/error.h"
#include "desk.h"
#include "jobs/build_index.h"
#include "jobs/extract_rows.h"
#include "jobs/finetune.h"
#include "jobs/gold_labels.h"
#include "jobs/models_folder.h"
#include "jobs/retrieval.h"
#include "jobs/trained_with.h"
#include "support/tensors.h"

namespace relatum::testing {
namespace {

using Stages = Desk;

TEST_F(Stages, GoldLabelsThatCannotBeAnsweredAreCountedOnce) {
  jobs::GoldLabels gold;
  const auto data = jobs::DataChoice{}.load(path("rows.jsonl"), true, host_);
  for (const auto& example : data.examples) gold.count(example);
  const task::Labels known({"part-of", "no_relation"});
  gold.tell(known, "the adapter", host_.context);
  ASSERT_EQ(warnings_.size(), 1u);
  EXPECT_THAT(warnings_[0], HasSubstr("5 of 10 examples have a label that the adapter cannot "
                                      "answer, such as 'causes(e1,e2)'"));
  task::Example example = data.examples[0];
  jobs::strip_unknown(example, known);
  EXPECT_FALSE(example.label);
  gold.tell(data.labels, "the data", host_.context);
  EXPECT_EQ(warnings_.size(), 1u);
}

TEST_F(Stages, RowsOfAFileAreHandedOutAgainAndAgain) {
  const auto options = ask();
  const auto setups = jobs::settle_adapters(options, host_);
  const jobs::ExtractRows rows(options, setups, host_);
  EXPECT_EQ(rows.count(), 10);
  EXPECT_EQ(rows.labels().names(), kLabels);
  for (int time = 0; time < 2; ++time) {
    std::string ids;
    rows.each([&](task::Example&& example) { ids += example.id + " "; });
    EXPECT_EQ(ids, "1 2 3 4 5 6 7 8 9 10 ");
  }
}

TEST_F(Stages, RowsWithoutALabelToChooseFromAreRefused) {
  auto rows = corpus();
  for (json& row : rows) row.erase("label");
  write_rows("rows.jsonl", rows);
  const auto options = ask();
  const auto setups = jobs::settle_adapters(options, host_);
  EXPECT_THAT([&] { jobs::ExtractRows(options, setups, host_); },
              ThrowsMessage<Error>(HasSubstr("no label is known to choose from")));
}

// PEFT trains on what the files hold, unless it is told otherwise.
TEST_F(Stages, AnAdapterWithoutARecordMeetsTheBaseAsItIs) {
  auto options = ask();
  EXPECT_EQ(jobs::settle_extract(options, host_).base, "auto");
  options.adapter = fixture("llama/lora").string();
  EXPECT_EQ(jobs::settle_extract(options, host_).base, "keep");
  EXPECT_THAT(lines_, ::testing::Contains(HasSubstr("--base nf4")));
  options.model.base = "nf4";
  EXPECT_EQ(jobs::settle_extract(options, host_).base, "nf4");
}

TEST_F(Stages, AnIndexGivesNeighboursAndItsLabels) {
  jobs::IndexOptions index;
  index.input = path("rows.jsonl");
  index.embedder = kEmbedder;
  index.out = path("index");
  EXPECT_TRUE(jobs::build_index(index, host_));
  jobs::Retrieval retrieval(index.out, kEmbedder, "", host_);
  const auto data = jobs::DataChoice{}.load(path("rows.jsonl"), true, host_);
  const auto own = retrieval.find(data.examples, {1}, jobs::QueryKind::kTest, host_.context);
  EXPECT_EQ(own.overlap, 10);
  EXPECT_EQ(own.of(3).at(0)->id, "4");
  const auto others = retrieval.find(data.examples, {2}, jobs::QueryKind::kTraining, host_.context);
  for (size_t i = 0; i < data.examples.size(); ++i) {
    ASSERT_EQ(others.of(i).size(), 2u);
    for (const auto* neighbour : others.of(i)) EXPECT_NE(neighbour->id, data.examples[i].id);
  }
  EXPECT_TRUE(jobs::Retrieved{}.of(7).empty());
  auto options = ask();
  options.index = index.out;
  options.embedder = kEmbedder;
  const auto setups = jobs::settle_adapters(options, host_);
  EXPECT_EQ(jobs::ExtractRows(options, setups, host_).labels().names(), kLabels);
}

TEST_F(Stages, AnAdapterIsUsedAsItWasTrained) {
  jobs::finetune(teach(), host_);
  auto options = ask();
  options.adapter = path("run");
  const auto run = jobs::read_trained(options, host_);
  ASSERT_TRUE(run);
  const auto other = jobs::open_language_model(kOtherModel, {"f32", "auto", true});
  EXPECT_THAT([&] { jobs::check_base(options, *run, *other, false, host_); },
              ThrowsMessage<Error>(HasSubstr("has other weights")));
  options.force = true;
  jobs::check_base(options, *run, *other, false, host_);
  EXPECT_FALSE(warnings_.empty());
  write("run/labels.json", "[\"a\"]");
  options.force = false;
  EXPECT_THAT([&] { jobs::read_trained(options, host_); },
              ThrowsMessage<Error>(HasSubstr("is not what the run wrote")));
}

TEST_F(Stages, ModelsAreFoundByNameOrPath) {
  fs::create_directories(folder_ / "models");
  fs::create_symlink(kModel, folder_ / "models/tiny");
  EXPECT_EQ(jobs::find_model("tiny", path("models"), host_), folder_ / "models/tiny");
  host_.models = folder_ / "models";
  EXPECT_EQ(jobs::find_model("tiny", "", host_), folder_ / "models/tiny");
  EXPECT_EQ(jobs::find_model(kModel, "", host_), fs::path(kModel));
  EXPECT_THAT([&] { jobs::find_model("tinny", "", host_); },
              ThrowsMessage<Error>(HasSubstr("Did you mean 'tiny'?")));
  EXPECT_THAT([&] { jobs::find_model("tiny", "", jobs::Host{}); },
              ThrowsMessage<Error>(HasSubstr("no folder holds none")));
}

}  // namespace
}  // namespace relatum::testing
