// Label Studio's exports: how they count, whose results make regions, which annotation is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using ::testing::Contains;
using testing::documents_of;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::refusal_of;
using testing::Scratch;
using testing::told;
using testing::told_of;

/// A task of Label Studio's with this text and these results.
std::string studio(const std::string& text, const std::string& results) {
  return R"([{"id":5,"data":{"text":")" + text + R"("},"annotations":[{"result":[)" + results +
         "]}]}]";
}

/// Without a text, the region quotes nothing.
std::string region(const std::string& id, int start, int end, const std::string& text,
                   const std::string& label) {
  return R"({"id":")" + id + R"(","type":"labels","value":{"start":)" + std::to_string(start) +
         R"(,"end":)" + std::to_string(end) + (text.empty() ? "" : R"(,"text":")" + text + "\"") +
         R"(,"labels":[")" + label + R"("]}})";
}

std::vector<std::string> warnings_of(const std::string& text, const std::string& parts = "") {
  const Scratch scratch;
  LoadOptions options;
  options.may_be_empty = true;
  return load_dataset(scratch.file("a.json", text) + parts, options).warnings;
}

TEST(LabelStudio, CountsCodePointsAndHoldsThemToTheText) {
  const std::string link = R"(,{"type":"relation","from_id":"b","to_id":"a","direction":"left",)"
                           R"("labels":["runs"]})";
  const std::string right = "5: a=Ada:PER b=Pell:ORG a-runs>b";
  const auto shifted = [&](int by) {
    return studio("🍯🍯 Ada runs Pell", region("a", 3 + by, 6 + by, "Ada", "PER") + "," +
                                          region("b", 12 + by, 16 + by, "Pell", "ORG") + link);
  };
  EXPECT_THAT(told_of("a.json", shifted(0)), ElementsAre(right));
  EXPECT_THAT(warnings_of(shifted(0)), IsEmpty());
  EXPECT_THAT(told_of("a.json", shifted(2)), ElementsAre(right));
  EXPECT_THAT(warnings_of(shifted(2)),
              ElementsAre(HasSubstr("fit their regions' texts only as UTF-16 units")))
      << "as versions before 1.5 counted";
  EXPECT_THAT(told_of("a.json", studio(R"(one\r\nAda)", region("a", 4, 7, "Ada", "PER"))),
              ElementsAre("5: a=Ada:PER"));
  EXPECT_THAT(refusal_of("a.json", studio("🍯 Ada", region("a", 1, 4, "Bo", "PER"))),
              HasSubstr("a.json:1: row 1: region 'a' from 1 to 4 (code points) is ' Ad' in the "
                        "text, and the file says 'Bo'"));
  EXPECT_THAT(refusal_of("a.json", studio("🍯 Ada", region("a", 2, 40, "", "PER"))),
              HasSubstr("from 2 to 40 (code points) is no stretch of the text, which has 5"));
}

TEST(LabelStudio, RegionsThatQuoteNothingCountAsTheOthersOfTheirTask) {
  const std::string text = "🍯 Ada met Bo";
  const auto both = [&](int ada, int bo, const std::string& quoted) {
    return studio(text,
                  region("a", ada, ada + 3, quoted, "P") + "," + region("b", bo, bo + 2, "", "P"));
  };
  const std::string right = "5: a=Ada:P b=Bo:P";
  EXPECT_THAT(told_of("a.json", both(2, 10, "Ada")), ElementsAre(right));
  EXPECT_THAT(told_of("a.json", both(3, 11, "Ada")), ElementsAre(right));
  EXPECT_THAT(told_of("a.json", both(2, 10, "")), ElementsAre(right));
  EXPECT_THAT(warnings_of(both(2, 10, "Ada")), IsEmpty());
  EXPECT_THAT(warnings_of(both(2, 10, "")),
              ElementsAre(HasSubstr("are read as code points, as Label Studio counts; a SPEC's "
                                    "offsets=utf16")));
  EXPECT_THAT(warnings_of(studio("Well, Ada met Bo",
                                 region("a", 6, 9, "", "P") + "," + region("b", 14, 16, "", "P"))),
              IsEmpty())
      << "all count alike";
  EXPECT_THAT(warnings_of(both(2, 10, ""), "?offsets=code_points"), IsEmpty());
  EXPECT_THAT(warnings_of(both(3, 11, ""), "?offsets=utf16"), IsEmpty());
  const Scratch scratch;
  EXPECT_EQ(told(documents_of(scratch.file("a.json", both(3, 11, "")) + "?offsets=utf16")[0]),
            right);
  EXPECT_THAT(error_of([&] {
                documents_of(scratch.file("a.json", both(3, 11, "Ada")) + "?offsets=code_points");
              }),
              HasSubstr("region 'a' from 3 to 6 (code points) is 'da ' in the text"));
  EXPECT_THAT(error_of([&] { documents_of(scratch.path("a.json") + "?offsets=graphemes"); }),
              HasSubstr("offsets=graphemes is not for the format labelstudio: expected code_points "
                        "or utf16"));
}

// The page saves a line end within a region's text as a backslash and an n.
TEST(LabelStudio, RegionsReachAcrossLineEnds) {
  EXPECT_THAT(told_of("a.json", studio(R"(Rosa\nDelgado met Al)",
                                       region("a", 0, 12, R"(Rosa\\nDelgado)", "P"))),
              ElementsAre("5: a=Rosa\nDelgado:P"));
  EXPECT_THAT(told_of("a.json", studio(R"(😀 Rosa\r\nDelgado)",
                                       region("a", 2, 15, R"(Rosa\\n\\nDelgado)", "P"))),
              ElementsAre("5: a=Rosa\r\nDelgado:P"));
  EXPECT_THAT(told_of("a.json", studio(R"(C:\\new\nD:\\x is)",
                                       region("a", 0, 11, R"(C:\\new\\nD:\\x)", "P"))),
              ElementsAre("5: a=C:\\new\nD:\\x:P"))
      << "a backslash and an n of the text itself";
  EXPECT_THAT(refusal_of("a.json", studio(R"(Rosa\nDelgado met Al)",
                                          region("a", 0, 12, R"(Rosa\\nHolm)", "P"))),
              HasSubstr(R"(is 'Rosa\nDelgado' in the text)"));
}

TEST(LabelStudio, AnswersAboutARegionMakeNoOther) {
  const std::string bo = region("b", 0, 2, "Bo", "P"), al = region("a", 7, 9, "Al", "P");
  const std::string place = R"("value":{"start":0,"end":2,)";
  for (const char* answer :
       {R"("text":"Bo","choices":["sure"]},"type":"choices")",
        R"("text":["a note"]},"type":"textarea")", R"("text":"Bo","rating":4},"type":"rating")",
        R"("text":"Bo","number":3},"type":"number")",
        R"("text":"Bo","datetime":"2020-01-01"},"type":"datetime")",
        R"("text":"Bo","taxonomy":[["x","y"]]},"type":"taxonomy")"}) {
    const std::string result = place + answer;
    const std::string known = R"({"id":"b",)" + result + "}", own = R"({"id":"c",)" + result + "}";
    for (const std::string& results : {bo + "," + known + "," + al, known + "," + bo + "," + al}) {
      EXPECT_THAT(told_of("a.json", studio("Bo met Al.", results)), ElementsAre("5: b=Bo:P a=Al:P"))
          << answer;
      EXPECT_THAT(warnings_of(studio("Bo met Al.", results)),
                  ElementsAre(HasSubstr("answers about regions")));
    }
    const bool named = std::string(answer).find("sure") != std::string::npos;
    EXPECT_THAT(told_of("a.json", studio("Bo met Al.", own + "," + own + "," + al)),
                ElementsAre(named ? "5: c=Bo:sure a=Al:P" : "5: c=Bo: a=Al:P"))
        << answer << " of a region that nobody labelled";
  }
  const std::string twice = bo + "," + region("b", 0, 2, "Bo", "Pilot") + "," + al;
  EXPECT_THAT(told_of("a.json", studio("Bo met Al.", twice)), ElementsAre("5: b=Bo:P a=Al:P"));
  EXPECT_THAT(warnings_of(studio("Bo met Al.", twice)), ElementsAre(HasSubstr("several labels")));
  EXPECT_THAT(refusal_of("a.json", studio("Bo met Al.", bo + "," + region("b", 7, 9, "Al", "P"))),
              HasSubstr("region 'b' has two places, from 0 to 2 and from 7 to 9"));
}

TEST(LabelStudio, NothingSavedIsNoResult) {
  EXPECT_THAT(
      told_of("a.json", R"([{"id":1,"data":{"text":"Bo"},"annotations":[{"result":null}]}])"),
      ElementsAre("1:"));
  EXPECT_THAT(
      refusal_of("a.json", R"([{"id":1,"data":{"text":"Bo"},"annotations":[{"result":5}]}])"),
      HasSubstr("'result'"));
}

TEST(LabelStudio, OfSeveralTextsTheOneThatRegionsQuote) {
  const auto task = [](const std::string& quoted) {
    return R"([{"id":1,"data":{"body":"Bo met Al.","title":"Of flying"},)"
           R"("annotations":[{"result":[)" +
           region("a", 0, 2, quoted, "P") + "]}]}]";
  };
  EXPECT_THAT(told_of("a.json", task("Bo")), ElementsAre("1: a=Bo:P"));
  EXPECT_THAT(told_of("a.json", task("Of")), ElementsAre("1: a=Of:P"));
  for (const char* quoted : {"", "Al"}) {
    EXPECT_THAT(refusal_of("a.json", task(quoted)), HasSubstr("which one is annotated"));
  }
}

TEST(LabelStudio, DirectionsAnnotatorsAndOtherResults) {
  const std::string both = R"(,{"type":"relation","from_id":"a","to_id":"b","direction":"bi"},)"
                           R"({"type":"choices","value":{"choices":["x"]}})";
  const Scratch scratch;
  const std::string path = scratch.file(
      "a.json",
      studio("Ada Bo", region("a", 0, 3, "Ada", "P") + "," + region("b", 4, 6, "Bo", "P") + both));
  EXPECT_EQ(told(documents_of(path)[0]), "5: a=Ada:P b=Bo:P a-relation>b b-relation>a");
  const auto warnings = load_dataset(path).warnings;
  EXPECT_THAT(warnings, Contains(HasSubstr("without a label are read as 'relation'")));
  EXPECT_THAT(warnings, Contains(HasSubstr("neither regions of text nor relations")));
  EXPECT_THAT(
      told_of("a.json",
              R"([{"id":1,"data":{"body":"Ada"},"annotations":[{"was_cancelled":true,"result":[)" +
                  region("x", 0, 3, "Ada", "X") + R"(]},{"result":[)" +
                  region("a", 0, 3, "Ada", "P") + R"(]},{"ground_truth":true,"result":[)" +
                  region("t", 0, 3, "Ada", "T") + "]}]}]"),
      ElementsAre("1: t=Ada:T"));
}

// Places that are looked for from the text's start take minutes here.
TEST(LabelStudio, AHundredThousandRegionsTakeTimeOfTheirNumber) {
  std::string text, regions;
  constexpr int kRegions = 100'000;
  for (int i = 0; i < kRegions; ++i) {
    text += "Zoë-Anne ";
    if (i > 0) regions += ",";
    regions += region(std::to_string(i), 9 * i, 9 * i + 8, "Zoë-Anne", "PER");
  }
  const Scratch scratch;
  const auto documents = documents_of(scratch.file("a.json", studio(text, regions)));
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].entities.size(), size_t(kRegions));
}

TEST(LabelStudio, RefusesTheExportThatLeavesRelationsOut) {
  const std::string text =
      R"([{"text":"Ada runs Pell","id":1,"label":[{"start":0,"end":3,"text":"Ada","labels":)"
      R"(["PER"]}],"annotator":1,"annotation_id":1,"created_at":"2024-01-01","updated_at":)"
      R"("2024-01-01","lead_time":3.5}])";
  for (const char* format : {"", "labelstudio:"}) {
    EXPECT_THAT(refusal_of("a.json", text, format), HasSubstr("[task.labelstudio]")) << format;
    EXPECT_THAT(refusal_of("a.json", text, format),
                HasSubstr("JSON-MIN, which leaves relations and the regions' ids out. Export the "
                          "project as JSON."))
        << format;
  }
}

}  // namespace
}  // namespace relatum::task
