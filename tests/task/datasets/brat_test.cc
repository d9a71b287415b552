// brat's files: every kind of line, offsets of texts as they are, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support.h"

namespace relatum::task {
namespace {

using testing::documents_of;
using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;
using testing::pairs_of;
using testing::Scratch;
using testing::told;

std::string read(const std::string& text, const std::string& annotation) {
  const Scratch scratch;
  scratch.file("a.txt", text);
  const auto documents = documents_of(scratch.file("a.ann", annotation));
  return documents.size() == 1 ? told(documents[0]) : std::to_string(documents.size());
}

std::string refusal(const std::string& text, const std::string& annotation) {
  const Scratch scratch;
  scratch.file("a.txt", text);
  return error_of([&, path = scratch.file("a.ann", annotation)] { documents_of(path); });
}

TEST(Brat, ReadsEntitiesAndRelations) {
  EXPECT_EQ(read("Ada runs Pell.\n",
                 "R1\truns Arg1:T1 Arg2:T2\t\n"
                 "T1\tPER 0 3\tAda\nT2\tORG 9 13\tPell\nR2\towns Arg1:T1 Arg2:T2\n"),
            "a: T1=Ada:PER T2=Pell:ORG T1-runs>T2 T1-owns>T2");
}

TEST(Brat, DiscontinuousSpansKeepTheirPiecesAndPairsCoverThem) {
  const Scratch scratch;
  scratch.file("a.txt", "North and South Pell met Ada.");
  const std::string path = scratch.file("a.ann",
                                        "T1\tLOC 0 5;16 20\tNorth Pell\nT2\tLOC 10 20\tSouth Pell\n"
                                        "T3\tPER 25 28\tAda\nR1\tmet Arg1:T1 Arg2:T3\n");
  EXPECT_EQ(told(documents_of(path)[0]),
            "a: T1=North…Pell:LOC T2=South Pell:LOC T3=Ada:PER T1-met>T3");
  EXPECT_THAT(pairs_of(path),
              ElementsAre("a:T1:T3|<e1>North and South Pell</e1> met <e2>Ada</e2>.|LOC>PER|met"));
}

TEST(Brat, CountsCodePointsOfTheTextAsItIs) {
  EXPECT_EQ(read("🍯 Łódź\r\nruns Pell.\r\n", "T1\tLOC 2 6\tŁódź\nT2\tORG 13 17\tPell\n"),
            "a: T1=Łódź:LOC T2=Pell:ORG");
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "Ada runs Pell.",
                 "T1\tPER 1 4\tAda\nT2\tORG 10 14\tPell\n"),
            "a: T1=Ada:PER T2=Pell:ORG")
      << "a mark counts where the offsets say so";
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "Ada runs Pell.",
                 "T1\tPER 0 3\tAda\n"),
            "a: T1=Ada:PER");
  EXPECT_EQ(read("one\r\ntwo\r\nAda", "T1\tPER 8 11\tAda\n"), "a: T1=Ada:PER")
      << "line ends that were changed before annotating";
  EXPECT_EQ(read("שלום לעולם", "T1\tX 5 10\tלעולם\n"), "a: T1=לעולם:X");
}

TEST(Brat, TabsAndLineEndsWithinEntities) {
  EXPECT_EQ(read("Ines\tHolm met Al.", "T1\tP 0 9\tInes\tHolm\nT2\tP 14 16\tAl\n"),
            "a: T1=Ines\tHolm:P T2=Al:P");
  EXPECT_EQ(read("Ines\tHolm met Al.", "T1\tP 0 9\tInes\tHolm\tsee above\nT2\tP 14 16\tAl\t\n"),
            "a: T1=Ines\tHolm:P T2=Al:P")
      << "brat lets anything follow the text";
  EXPECT_EQ(read("Ines\nHolm met Al.", "T1\tP 0 4;5 9\tInes Holm\nT2\tP 14 16\t\t\n"),
            "a: T1=Ines…Holm:P T2=Al:P");
  EXPECT_THAT(refusal("Ines\tHolm met Al.", "T1\tP 0 9\tInes\tPell\n"),
              HasSubstr(R"(T1 is 'Ines\tHolm' in the text, and the line says 'Ines\tPell')"));
}

TEST(Brat, SpansOfNoCharactersArePassedOver) {
  const Scratch scratch;
  scratch.file("a.txt", "Bo met Al.");
  const std::string path = scratch.file(
      "a.ann",
      "T1\tP 3 3\t\nT2\tP 0 2\tBo\nT3\tMeeting 3 6\tmet\nT4\tP 7 9;10 10\tAl \n"
      "R1\tx Arg1:T1 Arg2:T2\nR2\ty Arg1:T2 Arg2:T4\nE1\tMeeting:T3 Who:T1 Whom:T4\n"
      "*\tEquiv T1 T2\n");
  EXPECT_EQ(told(documents_of(path)[0]),
            "a: T2=Bo:P@equiv-8 T3=met:Meeting T4=Al:P T3-Whom>T4 T2-y>T4");
  const auto warnings = load_dataset(path).warnings;
  EXPECT_THAT(warnings, ::testing::Contains(HasSubstr("annotations of no characters are passed")));
  EXPECT_THAT(warnings,
              ::testing::Contains(HasSubstr("relations of annotations of no characters")));
  EXPECT_THAT(refusal("Bo met Al.", "T1\tP 3 3\t\nR1\tx Arg1:T1 Arg2:T9\n"),
              HasSubstr("R1 names T9, which is not there"));
}

TEST(Brat, EquivalencesThatShareMembersAreOneCluster) {
  const std::string text = "A B C D E F";
  std::string lines;
  for (int i = 0; i < 6; ++i) {
    lines += "T" + std::to_string(i + 1) + "\tP " + std::to_string(2 * i) + " " +
             std::to_string(2 * i + 1) + "\t" + text[size_t(2 * i)] + "\n";
  }
  EXPECT_EQ(read(text, lines + "*\tEquiv T1 T2\n*\tEquiv T4 T5\n*\tEquiv T2 T3\n"),
            "a: T1=A:P@equiv-7 T2=B:P@equiv-7 T3=C:P@equiv-7 T4=D:P@equiv-8 T5=E:P@equiv-8 T6=F:P");
  EXPECT_EQ(read(text, lines + "*\tEquiv T1 T2\n*\tEquiv T4 T5\n*\tEquiv T2 T4 T6\n"),
            "a: T1=A:P@equiv-7 T2=B:P@equiv-7 T3=C:P T4=D:P@equiv-7 T5=E:P@equiv-7 "
            "T6=F:P@equiv-7");
  EXPECT_EQ(read(text, lines + "*\tEquiv T1 T2\n*\tEquiv T2 T3\n"
                               "#1\tRelatum T2\t{\"cluster\":\"c\"}\n"
                               "#2\tRelatum T6\t{\"cluster\":\"c\"}\n"),
            "a: T1=A:P@c T2=B:P@c T3=C:P@c T4=D:P T5=E:P T6=F:P@c")
      << "with what was a cluster before it was annotated";
}

TEST(Brat, ArgumentsAreInTheOrderOfTheirNumbers) {
  EXPECT_EQ(read("Bo met Al.",
                 "T1\tP 0 2\tBo\nT2\tP 7 9\tAl\nR1\tx Arg2:T1 Arg1:T2\n"
                 "R2\ty Subject:T1 Object:T2\nR3\tz Arg2:T2 Arg3:T1\n"),
            "a: T1=Bo:P T2=Al:P T2-x>T1 T1-y>T2 T2-z>T1");
}

TEST(Brat, AFileWithoutAnnotationsIsReadByItself) {
  const Scratch scratch;
  scratch.file("a.txt", "Bo met Al.");
  EXPECT_EQ(told(documents_of(scratch.file("a.ann", ""))[0]), "a:");
  EXPECT_EQ(told(documents_of(scratch.file("a.ann", "\n"))[0]), "a:");
  EXPECT_THAT(error_of([&] { documents_of(scratch.file("a.jsonl", "")); }), HasSubstr("is empty"));
  EXPECT_THAT(error_of([&] { documents_of(scratch.file("b.ann", "")); }),
              HasSubstr("there is no b.txt beside it"));
}

TEST(Brat, EventsEquivalencesAndOtherLines) {
  const Scratch scratch;
  scratch.file("a.txt", "Ada sold Pell to Bo.");
  const std::string path = scratch.file(
      "a.ann",
      "T1\tPER 0 3\tAda\nT2\tSale 4 8\tsold\nT3\tORG 9 13\tPell\nT4\tPER 17 19\tBo\n"
      "E1\tSale:T2 Seller:T1 Thing2:T3 Buyer:T4\nA1\tNegated E1\nM2\tSure T1 high\n"
      "N1\tReference T3 Wikipedia:12\tPell\n#1\tAnnotatorNotes T1\tsure?\n*\tEquiv T1 T4\n");
  EXPECT_EQ(told(documents_of(path)[0]),
            "a: T1=Ada:PER@equiv-10 T2=sold:Sale T3=Pell:ORG T4=Bo:PER@equiv-10 T2-Seller>T1 "
            "T2-Thing>T3 T2-Buyer>T4");
  const auto warnings = load_dataset(path).warnings;
  for (const char* part : {"attributes", "notes", "normalisations", "events"}) {
    EXPECT_THAT(warnings, ::testing::Contains(HasSubstr(part)));
  }
}

TEST(Brat, RefusesWithFileAndLine) {
  EXPECT_THAT(refusal("Ada runs.", "T1\tPER 0 3\tAda\nT2\tPER 4 8\tBo\n"),
              HasSubstr("a.ann:2: T2 is 'runs' in the text, and the line says 'Bo'"));
  EXPECT_THAT(refusal("Ada runs.", "T1\tPER 0 30\tAda\n"), HasSubstr("a.ann:1: T1 reaches from 0"));
  EXPECT_THAT(refusal("Ada runs.", "T1\tPER 3 0\tAda\n"), HasSubstr("is no start and larger end"));
  EXPECT_THAT(refusal("Ada runs.", "T1\tPER 0 3\tAda\nR1\tx Arg1:T1 Arg2:T9\n"),
              HasSubstr("a.ann:2: R1 names T9, which is not there"));
  EXPECT_THAT(refusal("Ada runs.", "T1\tPER 0 3\tAda\nT1\tPER 4 8\truns\n"),
              HasSubstr("a.ann:2: T1 stands there twice"));
  EXPECT_THAT(refusal("Ada runs.", "nonsense\n"), HasSubstr("is no line of brat's"));
  const Scratch scratch;
  EXPECT_THAT(error_of([&] { documents_of(scratch.file("b.ann", "T1\tPER 0 3\tAda\n")); }),
              HasSubstr("there is no b.txt beside it"));
}

TEST(Brat, SkippedLinesAreCounted) {
  const Scratch scratch;
  scratch.file("a.txt", "Ada runs Pell.");
  const std::string path = scratch.file(
      "a.ann",
      "T1\tPER 0 3\tAda\nT2\tORG 9 99\tPell\nT3\tORG 9 13\tPell\nR1\tx Arg1:T1 Arg2:T2\n"
      "R2\ty Arg1:T1 Arg2:T3\nE1\tSale:T9 Buyer:T1\n");
  LoadOptions options;
  options.skip_bad_rows = true;
  const Dataset data = load_dataset(path, options);
  EXPECT_EQ(data.examples.size(), 1u);
  EXPECT_EQ(data.bad_rows.size(), 3u) << "each line once";
}

TEST(Brat, FoldersAreReadInOrderAndNameTheirFiles) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path("notes/sub"));
  for (const char* name : {"notes/b", "notes/sub/a"}) {
    scratch.file(std::string(name) + ".txt", "Ada runs Pell.");
    scratch.file(std::string(name) + ".ann",
                 "T1\tPER 0 3\tAda\nT2\tORG 9 13\tPell\nR1\truns Arg1:T1 Arg2:T2\n");
  }
  scratch.file("notes/empty.txt", "");
  scratch.file("notes/empty.ann", "");
  EXPECT_THAT(pairs_of(scratch.path("notes")),
              ElementsAre("b:T1:T2|<e1>Ada</e1> runs <e2>Pell</e2>.|PER>ORG|runs",
                          "sub/a:T1:T2|<e1>Ada</e1> runs <e2>Pell</e2>.|PER>ORG|runs"));
  scratch.file("notes/b.ann", "T1\tPER 0 3\tBo\n");
  EXPECT_THAT(error_of([&] { pairs_of(scratch.path("notes")); }),
              HasSubstr("b.ann:1: T1 is 'Ada'"));
  EXPECT_THAT(error_of([&] { pairs_of("jsonl:" + scratch.path("notes")); }),
              HasSubstr("data of the format jsonl are files"));
}

// Places that are looked for from the text's start take minutes here.
TEST(Brat, AHundredThousandMentionsTakeTimeOfTheirNumber) {
  std::string text, lines;
  constexpr int kMentions = 100'000;
  for (int i = 0; i < kMentions; ++i) {
    text += "Zoë-Anne ";
    lines += fmt::format("T{}\tPER {} {}\tZoë-Anne\n", i + 1, 9 * i, 9 * i + 8);
  }
  const Scratch scratch;
  scratch.file("a.txt", text);
  const auto documents = documents_of(scratch.file("a.ann", lines));
  ASSERT_EQ(documents.size(), 1u);
  EXPECT_EQ(documents[0].entities.size(), size_t(kMentions));
}

TEST(Brat, TextsWithoutAnnotationsAreCounted) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path("notes"));
  scratch.file("notes/a.txt", "Ada runs Pell.");
  scratch.file("notes/a.ann", "T1\tPER 0 3\tAda\nT2\tORG 9 13\tPell\nR1\truns Arg1:T1 Arg2:T2\n");
  EXPECT_THAT(load_dataset(scratch.path("notes")).warnings, ::testing::IsEmpty());
  for (const char* name : {"notes/b.txt", "notes/c.txt"}) scratch.file(name, "Bo left.");
  EXPECT_THAT(load_dataset(scratch.path("notes")).warnings,
              ElementsAre("files that end with '.txt' and have no '.ann' beside them are passed "
                          "over: 2 files, the first " +
                          scratch.path("notes/b.txt") + "."));
}

}  // namespace
}  // namespace relatum::task
