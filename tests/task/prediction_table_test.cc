// Tables and triples: what is written, in which direction, and what is left out.
#include "task/prediction_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace relatum::task {
namespace {

const std::vector<Example> kExamples = {
    {"1", "Bo, \"the pilot\", flies.", {0, 2, ""}, {4, 15, ""}, {}},
    {"2", "Ana founded Kestrel.", {12, 19, ""}, {0, 3, ""}, {}},
    {"3", "Ana met Bo.", {0, 3, ""}, {8, 10, ""}, {}}};

std::vector<Prediction> predictions() {
  std::vector<Prediction> rows(3);
  rows[0] = {.id = "1", .label = "is(e1,e2)", .probability = 0.5, .answer = "is"};
  rows[1] = {.id = "2", .label = "founded(e2,e1)", .probability = 0.25, .answer = "founded"};
  rows[2] = {.id = "3", .label = {}, .probability = {}, .answer = "what?"};
  return rows;
}

std::string written(PredictionFormat format, const PredictionFilter& filter = {},
                    int64_t* omitted = nullptr) {
  std::string text = prediction_header(format);
  const int64_t count = write_predictions(format, kExamples, predictions(), filter,
                                          [&](std::string_view part) { text += part; });
  if (omitted) *omitted = count;
  return text;
}

TEST(PredictionTable, QuotesFieldsAsSpreadsheetsDo) {
  EXPECT_EQ(written(PredictionFormat::kCsv),
            "id,label,probability,answer,head,tail,text\n"
            "1,\"is(e1,e2)\",0.5,is,Bo,\"\"\"the pilot\"\"\",\"Bo, \"\"the pilot\"\", flies.\"\n"
            "2,\"founded(e2,e1)\",0.25,founded,Kestrel,Ana,Ana founded Kestrel.\n"
            "3,,,what?,Ana,Bo,Ana met Bo.\n");
}

TEST(PredictionTable, TriplesFollowTheDirection) {
  int64_t omitted = 0;
  EXPECT_EQ(written(PredictionFormat::kTriples, {}, &omitted),
            "head\trelation\ttail\tprobability\tid\n"
            "Bo\tis\t\"\"\"the pilot\"\"\"\t0.5\t1\n"
            "Ana\tfounded\tKestrel\t0.25\t2\n");
  EXPECT_EQ(omitted, 1);
}

TEST(PredictionTable, LeavesOutWhatIsNotWanted) {
  int64_t omitted = 0;
  const std::string probable = written(PredictionFormat::kTsv, {.min_probability = 0.3}, &omitted);
  EXPECT_THAT(probable, ::testing::HasSubstr("\n1\tis(e1,e2)\t0.5\t"));
  EXPECT_THAT(probable, ::testing::Not(::testing::HasSubstr("founded")));
  EXPECT_EQ(omitted, 1);  // the row without a probability stays
  written(PredictionFormat::kJsonl, {.negative = "is(e1,e2)"}, &omitted);
  EXPECT_EQ(omitted, 1);
}

TEST(PredictionTable, NamesItsFormats) {
  EXPECT_EQ(prediction_format_of("x.csv"), PredictionFormat::kCsv);
  EXPECT_EQ(prediction_format_of("x.tsv"), PredictionFormat::kTsv);
  EXPECT_EQ(prediction_format_of("-"), PredictionFormat::kJsonl);
  EXPECT_THAT([] { parse_prediction_format("xml"); },
              ::testing::ThrowsMessage<Error>(::testing::HasSubstr("jsonl, csv, tsv or triples")));
}

}  // namespace
}  // namespace relatum::task
