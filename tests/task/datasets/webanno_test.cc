// WebAnno TSV 3.3: spans over tokens, stacks, parts of tokens, relations, UTF-16 and escapes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support.h"

namespace relatum::task {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::refusal_of;
using testing::told_of;

const std::string kHead =
    "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Span|value\n"
    "#T_RL=webanno.custom.Relation|value|BT_webanno.custom.Span\n\n\n";

std::vector<std::string> read(const std::string& body) { return told_of("a.tsv", kHead + body); }

TEST(Webanno, SpansOverTokensStackAndCrossSentences) {
  EXPECT_THAT(
      read("#Text=Ada Lim runs .\n1-1\t0-3\tAda\tPER[1]|NAME[2]\t_\t_\t\n"
           "1-2\t4-7\tLim\tPER[1]\t_\t_\t\n1-3\t8-12\truns\t*[3]\t_\t_\t\n"
           "1-4\t13-14\t.\t*[3]\t_\t_\t\n\n#Text=Pell .\n"
           "2-1\t15-19\tPell\t*[3]|ORG[4]\thead\\_of\t1-1[1_4]\t\n2-2\t20-21\t.\t_\t_\t_\t\n"),
      ElementsAre("a: T1=Ada Lim:PER T2=Ada:NAME T3=runs .\nPell:Span T4=Pell:ORG "
                  "T1-head_of>T4"));
}

TEST(Webanno, PartsOfTokensAndRelationsWithoutNumbers) {
  EXPECT_THAT(read("#Text=Test again\n1-1\t0-4\tTest\t_\t_\t_\t\n1-1.1\t0-1\tT\tOTH\t_\t_\t\n"
                   "1-2\t5-10\tagain\tOTH\t*\t1-1.1\t\n"),
              ElementsAre("a: T1=T:OTH T2=again:OTH T1-Relation>T2"));
}

TEST(Webanno, CountsUtf16UnitsAndPadsBetweenSentences) {
  EXPECT_THAT(read("#Text=I like 😊\n1-1\t3-4\tI\tPER\t_\t_\t\n1-2\t5-9\tlike\t_\t_\t_\t\n"
                   "1-3\t10-12\t😊\tMOOD\tfeels\t1-1\t\n\n#Text=x\n2-1\t15-16\tx\tX\t_\t_\t\n"),
              ElementsAre("a: T1=I:PER T2=😊:MOOD T3=x:X T1-feels>T2"));
}

TEST(Webanno, EscapesAndLinesWithinSentences) {
  EXPECT_THAT(read("#Text=a\\tb\n#Text=c\\\\d\n1-1\t0-1\ta\tx\\|y\\[1\\]\t_\t_\t\n"
                   "1-2\t2-3\tb\t\\*\t_\t_\t\n1-3\t4-7\tc\\d\t\\_\t_\t_\t\n"),
              ElementsAre("a: T1=a:x|y[1] T2=b:* T3=c\\d:_"));
}

TEST(Webanno, LayersOfGrammarChainsAndSlotsArePassedOver) {
  EXPECT_THAT(
      told_of("a.tsv",
              "#FORMAT=WebAnno TSV 3.3\n"
              "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue\n"
              "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value\n"
              "#T_CH=custom.Coref|referenceType|referenceRelation\n"
              "#T_RL=webanno.custom.R|note|label|BT_de.tudarmstadt.ukp.dkpro.core.api.ner.type."
              "NamedEntity\n\n\n#Text=Ada runs Pell\n"
              "1-1\t0-3\tAda\tNN\t*\tPER\tpr[1]\tcoref->1-1\t_\t_\t_\t\n"
              "1-2\t4-8\truns\tVB\t_\t_\t_\t_\t_\t_\t_\t\n"
              "1-3\t9-13\tPell\tNN\tQ1\tORG\t_\t_\tx|y\truns|owns\t1-1|1-1\t\n"),
      ElementsAre("a: T1=Ada:PER T2=Pell:ORG T1-runs>T2 T1-owns>T2"));
}

// Roles of slots name nothing, and where no slot is set only the next column shows the annotation.
TEST(Webanno, LayersOfSlotsAreNamedByTheirOtherFeatures) {
  const auto with = [](const std::string& features, const std::string& rows) {
    return told_of("a.tsv",
                   "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.S|\n"
                   "#T_SP=webanno.custom.Host|" +
                       features + "\n\n\n#Text=Bo met Al\n" + rows);
  };
  const std::string slots = "ROLE_webanno.custom.Host:links_custom.Link|webanno.custom.S";
  EXPECT_THAT(with(slots,
                   "1-1\t0-2\tBo\t*\t_\t_\t\n1-2\t3-6\tmet\t_\tagent;whom\t1-1;1-3\t\n"
                   "1-3\t7-9\tAl\t*\t_\t*\t\n"),
              ElementsAre("a: T1=Bo:S T2=met:Host T3=Al:S T4=Al:Host"));
  EXPECT_THAT(with(slots,
                   "1-1\t0-2\tBo\t_\t*;*[1]|*[2]\t1-2;1-3|1-3\t\n1-2\t3-6\tmet\t_\t*;*[1]\t"
                   "1-2;1-3\t\n1-3\t7-9\tAl\t_\t_[3]|x[4]\t*|1-1\t\n"),
              ElementsAre("a: T1=Bo met:Host T2=Bo:Host T3=Al:Host T4=Al:Host"));
  EXPECT_THAT(with(slots + "|note",
                   "1-1\t0-2\tBo\t_\tx\t1-2\tN\t\n1-2\t3-6\tmet\t*\t_\t*\t*\t\n"
                   "1-3\t7-9\tAl\t_\t_\t_\t_\t\n"),
              ElementsAre("a: T1=Bo:N T2=met:S T3=met:Host"));
}

TEST(Webanno, RefusesWithFileAndLine) {
  EXPECT_THAT(refusal_of("a.tsv", kHead + "#Text=Ada\n1-1\t0-3\tBo\t_\t_\t_\t\n"),
              HasSubstr("a.tsv:7: unit 1-1 from 0 to 3"));
  EXPECT_THAT(refusal_of("a.tsv", kHead + "#Text=Ada\n1-1\t0-3\tAda\tX\ty\t1-9\t\n"),
              HasSubstr("a.tsv:7: the relation '1-9' of unit 1-1 names an annotation"));
  EXPECT_THAT(refusal_of("a.tsv", kHead + "#Text=a\n1-1\t600000-600001\ta\t_\t_\t_\t\n\n"
                                          "#Text=b\n2-1\t1300000-1300001\tb\t_\t_\t_\t\n"),
              HasSubstr("a.tsv:10: the sentence begins"))
      << "blanks between sentences are not without bound together";
  EXPECT_THAT(refusal_of("a.tsv", "#FORMAT=WebAnno TSV 2.0\n\n"), HasSubstr("export WebAnno TSV"));
  EXPECT_THAT(refusal_of("a.txt", "hello\n", "webanno:"), HasSubstr("expected the first line"));
}

}  // namespace
}  // namespace relatum::task
