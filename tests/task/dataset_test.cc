// Every corpus format of the registry reads its ten own rows; the public corpora load whole.
#include "task/dataset.h"

#include <gtest/gtest.h>

#include <set>

#include "support.h"
#include "support/shared.h"
#include "task/labels.h"
#include "task/load.h"
#include "task/tacred_labels.h"

namespace relatum::task {
namespace {

/// The format's fixture: the file of its name in fixtures/task, whatever its ending.
std::string fixture(std::string_view name) {
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(RELATUM_FIXTURES) / "task")) {
    if (entry.path().stem() == name) return entry.path().string();
  }
  ADD_FAILURE() << "no ten rows of our own for format " << name;
  return "";
}

TEST(DatasetFormats, ReadTheirTenRows) {
  ASSERT_FALSE(dataset_formats().empty());
  for (const DatasetFormat* format : dataset_formats()) {
    SCOPED_TRACE(format->name);
    EXPECT_FALSE(format->description.empty());
    const std::string path = fixture(format->name);
    const Dataset data = load_dataset(std::string(format->name) + ":" + path);
    EXPECT_EQ(data.examples.size(), 10u);
    std::set<std::string> ids;
    for (const Example& example : data.examples) {
      EXPECT_EQ(example_problem(example), "");
      EXPECT_TRUE(ids.insert(example.id).second);
      ASSERT_TRUE(example.label);
      EXPECT_TRUE(data.labels.find(*example.label));
      EXPECT_GT(example.line, 0);
    }
    EXPECT_EQ(load_dataset(path).format, format->name) << "the format should show";
    if (format->inventory) {
      EXPECT_EQ(data.labels, Labels(format->inventory()));
    } else {
      EXPECT_TRUE(data.open_labels);
    }
  }
}

TEST(DatasetFormats, TheSameRowsInEachFormatGiveTheSameExamples) {
  const Dataset tacred = load_dataset(fixture("tacred"));
  const Dataset semeval = load_dataset(fixture("semeval2010"));
  const Dataset jsonl = load_dataset(fixture("jsonl"));
  const Dataset csv = load_dataset(fixture("csv"));
  const Dataset crossre = load_dataset(fixture("crossre"));
  for (size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(marked_text(semeval.examples[i]), marked_text(tacred.examples[i]));
    EXPECT_EQ(marked_text(semeval.examples[i]), marked_text(jsonl.examples[i]));
    EXPECT_EQ(marked_text(semeval.examples[i]), marked_text(csv.examples[i]));
    EXPECT_EQ(marked_text(semeval.examples[i]), marked_text(crossre.examples[i]));
    EXPECT_EQ(semeval.examples[i].label, jsonl.examples[i].label);
    EXPECT_EQ(csv.examples[i].label, jsonl.examples[i].label);
    EXPECT_EQ(tacred.examples[i].head.type, csv.examples[i].head.type);
    EXPECT_EQ(jsonl.examples[i].tail.type, csv.examples[i].tail.type);
  }
  for (const char* name :
       {"labelstudio", "doccano", "prodigy", "spacy", "opennre", "conll04", "docred"}) {
    const Dataset other = load_dataset(fixture(name));
    for (size_t i = 0; i < 10; ++i) {
      EXPECT_EQ(marked_text(other.examples[i]), marked_text(jsonl.examples[i])) << name;
      EXPECT_EQ(other.examples[i].label, jsonl.examples[i].label) << name;
      if (std::string(name) == "opennre") continue;  // it has no types
      EXPECT_EQ(other.examples[i].head.type, jsonl.examples[i].head.type) << name;
    }
  }
  std::set<std::string> rows, of_brat, of_fewrel;
  for (const Example& each : jsonl.examples) rows.insert(marked_text(each) + *each.label);
  for (const Example& each : load_dataset(fixture("brat")).examples) {
    of_brat.insert(marked_text(each) + *each.label);
  }
  for (const Example& each : load_dataset(fixture("fewrel")).examples) {
    of_fewrel.insert(marked_text(each) + *each.label);
  }
  EXPECT_EQ(of_brat, rows);
  EXPECT_EQ(of_fewrel, rows);
  EXPECT_EQ(head_text(tacred.examples[1]), "Łódź");
  EXPECT_EQ(tail_text(tacred.examples[3]), "honey 🍯");
  EXPECT_EQ(crossre.examples[2].label, "part-of");  // its pair has two labels
  EXPECT_EQ(gold_labels(crossre.examples[2]).size(), 2u);
  EXPECT_EQ(jsonl.labels.name(0), "Cause-Effect(e1,e2)");  // order of first appearance
  EXPECT_EQ(jsonl.labels.name(1), "Other");
}

TEST(DatasetFormats, UnknownNameListsTheKnown) {
  const std::string error = testing::error_of([] { dataset_format("conll"); });
  for (const DatasetFormat* format : dataset_formats()) {
    EXPECT_NE(error.find(format->name), std::string::npos) << error;
  }
}

TEST(TacredLabels, CountsAreThePublishedOnes) {
  EXPECT_EQ(Labels(tacred_labels()).size(), 42);
  EXPECT_EQ(Labels(retacred_labels()).size(), 40);
  EXPECT_EQ(negative_label(Labels(retacred_labels())), "no_relation");
}

TEST(PublicData, SemevalLoadsWhole) {
  const auto train = relatum::testing::shared_file("semeval2010/TRAIN_FILE.TXT");
  RELATUM_NEEDS(train);
  const Dataset data = load_dataset(train->string());
  EXPECT_EQ(data.format, "semeval2010");
  EXPECT_EQ(data.examples.size(), 8000u);
  EXPECT_EQ(data.labels.size(), 19);
  int64_t rare = 0;
  for (const Example& example : data.examples) rare += example.label == "Entity-Destination(e2,e1)";
  EXPECT_EQ(rare, 1);
  EXPECT_EQ(data.examples[7999].id, "8000");
}

TEST(PublicData, SemevalTestFilesAgree) {
  const auto full = relatum::testing::shared_file("semeval2010/TEST_FILE_FULL.TXT");
  const auto clean = relatum::testing::shared_file("semeval2010/TEST_FILE_CLEAN.TXT");
  RELATUM_NEEDS(full);
  RELATUM_NEEDS(clean);
  const Dataset labelled = load_dataset(full->string());
  const Dataset plain = load_dataset(clean->string());
  ASSERT_EQ(labelled.examples.size(), 2717u);
  ASSERT_EQ(plain.examples.size(), 2717u);
  for (size_t i = 0; i < 2717; ++i) {
    EXPECT_EQ(labelled.examples[i].id, plain.examples[i].id);
    EXPECT_EQ(marked_text(labelled.examples[i]), marked_text(plain.examples[i]));
    EXPECT_TRUE(labelled.examples[i].label);
    EXPECT_FALSE(plain.examples[i].label);
  }
}

TEST(PublicData, TacredSamplesLoadAndTakePatches) {
  const auto sample = relatum::testing::shared_file("tacred/sample_test.json");
  const auto retacred = relatum::testing::shared_file("retacred/test_id2label.json");
  const auto tacrev = relatum::testing::shared_file("tacrev/test_patch.json");
  RELATUM_NEEDS(sample);
  RELATUM_NEEDS(retacred);
  RELATUM_NEEDS(tacrev);
  const Dataset data = load_dataset(sample->string());
  EXPECT_EQ(data.format, "tacred");
  EXPECT_EQ(data.examples.size(), 20u);
  EXPECT_EQ(data.labels, Labels(tacred_labels()));
  EXPECT_EQ(head_text(data.examples[0]), "her");
  LoadOptions options;
  options.relabel = "retacred:" + retacred->string();
  const Dataset re = load_dataset(sample->string(), options);
  EXPECT_EQ(re.labels, Labels(retacred_labels()));
  EXPECT_EQ(int64_t(re.examples.size()) + re.dropped, 20);
  options.relabel = "tacrev:" + tacrev->string();
  const Dataset rev = load_dataset(sample->string(), options);
  EXPECT_EQ(rev.examples.size(), 20u);
  EXPECT_EQ(rev.dropped, 0);
}

TEST(PublicData, CrossreKeepsAllLabelsOfAPair) {
  size_t pairs = 0, labels = 0;
  for (const char* domain : {"ai", "literature", "music", "news", "politics", "science"}) {
    for (const char* part : {"train", "dev", "test"}) {
      const auto file = relatum::testing::shared_file(std::string("crossre/") + domain + "-" +
                                                      part + ".json");
      RELATUM_NEEDS(file);
      const Dataset data = load_dataset(file->string());
      EXPECT_EQ(data.format, "crossre");
      pairs += data.examples.size();
      for (const Example& example : data.examples) labels += gold_labels(example).size();
    }
  }
  // Distinct pairs and distinct (pair, label), counted apart from this reader.
  EXPECT_EQ(pairs, 18608u);
  EXPECT_EQ(labels, 19758u);
}

}  // namespace
}  // namespace relatum::task
