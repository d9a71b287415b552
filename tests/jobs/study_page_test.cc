// The page and the chart of a study: what figures carry, what is kept, what is escaped.
#include "jobs/study_page.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "desk.h"
#include "jobs/study_chart.h"
#include "jobs/study_text.h"

namespace relatum::testing {
namespace {

using ::testing::AllOf;
using ::testing::Not;

json interval(double low, double high) { return {{"low", low}, {"high", high}}; }

// An arm's figures, with those of its seeds where it has several.
json arm(const std::string& name, double mean, const json& seeds = {}) {
  return {{"arm", name},
          {"keys", {{"arm", json::array({name})}}},
          {"seeds", seeds.is_null() ? 1 : 3},
          {"official", "macro"},
          {"figures",
           {{"macro",
             {{"title", "macro-F1"},
              {"mean", mean},
              {"values", {mean}},
              {"interval", interval(mean - 0.03, mean + 0.03)},
              {"seeds", seeds}}}}}};
}

json differing(json from, double value, const json& over_texts, const json& over_seeds = {}) {
  from["difference"]["macro"] = {{"value", value}, {"interval", over_texts}, {"seeds", over_seeds}};
  return from;
}

json study(const std::vector<json>& arms) {
  json all = {
      {"format_version", 1},
      {"study", {{"name", "s"}, {"title", "Which?"}, {"question", "Why?"}, {"baseline", "base"}}},
      {"plan", json::array()},
      {"cells", json::array()},
      {"arms", arms}};
  for (const json& each : arms) {
    const std::string name = each["arm"];
    all["plan"].push_back({{"arm", name}, {"seed", 1}, {"key", name}});
    all["cells"].push_back(
        {{"arm", name},
         {"key", name},
         {"seed", 1},
         {"cpu", "avx2"},
         {"compute", "f32"},
         {"threads", 2},
         {"version", "0.1"},
         {"date", "2026-01-31T12:00:00Z"},
         {"figures", {{"examples", 800}, {"ece", 0.05}}},
         {"seconds", {{"training", 100}, {"answering", 7}}},
         {"settings",
          {{"finetune",
            {{"settings", {{"rank", name}, {"epochs", "3"}}}, {"inputs", json::object()}}}}}});
  }
  return all;
}

TEST(StudyPage, ConcludesOnlyWhatIntervalsCarry) {
  const json seeds = {{"deviation", 0.01}, {"low", 0.74}, {"high", 0.86}};
  const json base = arm("base", 0.7);
  const json many = arm("base", 0.7, {{"deviation", 0.01}, {"low", 0.69}, {"high", 0.71}});
  const json above = interval(0.05, 0.15), both = interval(-0.01, 0.15);
  const auto carried = [](const json& one, const json& other) {
    return jobs::difference_is_carried(one, other);
  };
  EXPECT_TRUE(carried(differing(arm("a", 0.8), 0.1, above), base));
  EXPECT_FALSE(carried(differing(arm("a", 0.8), 0.1, both), base));
  EXPECT_TRUE(carried(differing(arm("a", 0.8), -0.1, interval(-0.15, -0.05)), base));
  // What seeds say counts, too: of both sides by Welch's interval, of one by its own.
  EXPECT_TRUE(carried(differing(arm("a", 0.8, seeds), 0.1, above, interval(0.02, 0.2)), many));
  EXPECT_FALSE(carried(differing(arm("a", 0.8, seeds), 0.1, above, interval(-0.02, 0.2)), many));
  EXPECT_TRUE(carried(differing(arm("a", 0.8, seeds), 0.1, above), base));
  EXPECT_FALSE(carried(differing(arm("a", 0.8, seeds), 0.05, above), arm("base", 0.75)));
  EXPECT_TRUE(carried(differing(arm("a", 0.8), 0.1, above), many));
  EXPECT_FALSE(carried(differing(arm("a", 0.705), 0.1, above), many));
  EXPECT_FALSE(carried(arm("of other rows", 0.9), base));
}

TEST(StudyPage, SaysWhatFollowsAndWhatDoesNot) {
  const json all = study({arm("base", 0.7), differing(arm("a|b", 0.8), 0.1, interval(0.05, 0.15)),
                          differing(arm("c", 0.71), 0.01, interval(-0.02, 0.04)), arm("d", 0.5)});
  const std::string page = jobs::study_page(all, "s.svg", "");
  EXPECT_THAT(page, HasSubstr("# Which?\n\nWhy?"));
  EXPECT_THAT(page, HasSubstr("**a\\|b** is 10.0 points above base (95 % interval 5.0 to 15.0), "
                              "with one seed each."));
  EXPECT_THAT(page, Not(HasSubstr("**c**")));
  EXPECT_THAT(page, HasSubstr("Whether c differs from base"));
  EXPECT_THAT(page, HasSubstr("2 intervals of 95 %"));
  EXPECT_THAT(page, HasSubstr("| d | 1 | 50.0 | 47.0 – 53.0 | other rows or labels |"));
  EXPECT_THAT(page, HasSubstr("4 of 4 cells have results, each measured on 800 rows"));
  EXPECT_THAT(page, HasSubstr("Computed in f32 on avx2, 2 threads; Relatum 0.1; 2026-01-31"));
  EXPECT_THAT(page, HasSubstr("| arm | finetune rank |"));
  EXPECT_THAT(page, HasSubstr("finetune epochs 3."));
  std::istringstream lines(page);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("|")) continue;
    EXPECT_LE(line.size(), 150u) << line;
  }
}

// Of what draws nothing no seed is told.
TEST(StudyPage, TellsOfSeedsWhereThereAreSome) {
  json all = study({arm("base", 0.7), differing(arm("a", 0.8), 0.1, interval(0.05, 0.15))});
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), HasSubstr("How much a seed matters"));
  all["cells"][0]["seed"] = nullptr;
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), HasSubstr("5.0 to 15.0), with one seed."));
  all["cells"][1]["seed"] = nullptr;
  const std::string page = jobs::study_page(all, "s.svg", "");
  EXPECT_THAT(page, HasSubstr("5.0 to 15.0).\n"));
  EXPECT_THAT(page, Not(HasSubstr("How much a seed matters")));
}

TEST(StudyPage, NamesCellsWithoutResults) {
  json all = study({arm("base", 0.7), arm("a", 0.8)});
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), Not(HasSubstr("Without results")));
  for (const int seed : {1, 2}) all["plan"].push_back({{"arm", "b"}, {"seed", seed}, {"key", "b"}});
  all["plan"].push_back({{"arm", "a"}, {"seed", 2}, {"key", "a2"}});
  all["plan"].push_back({{"arm", "c|d"}, {"seed", nullptr}, {"key", "c"}});
  const std::string page = jobs::study_page(all, "s.svg", "");
  EXPECT_THAT(page, HasSubstr("- 2 of 6 cells have results"));
  EXPECT_THAT(page, HasSubstr("- Without results: a (seed 2); b (seeds 1, 2); c\\|d."));
}

TEST(StudyPage, TellsWhatIntervalsWithoutWidthAre) {
  json all = study({arm("base", 0.7), arm("a", 0.8)});
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), Not(HasSubstr("without width")));
  all["arms"][1]["figures"]["macro"]["interval"] = interval(0, 0);
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), HasSubstr("One without width says"));
}

// Where steps are cut by tokens, longer prompts make more of them.
TEST(StudyPage, NamesArmsThatHadOtherNumbersOfSteps) {
  json all = study({arm("base", 0.7), arm("longer", 0.8), arm("alike", 0.7), arm("untaught", 0.1)});
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), Not(HasSubstr("numbers of steps")));
  for (const auto& [cell, steps] : std::vector<std::pair<int, int>>{{0, 282}, {1, 574}, {2, 300}}) {
    all["cells"][size_t(cell)]["training"]["steps"] = steps;
  }
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""),
              HasSubstr("- What difference the number of steps makes: longer (574) was trained in "
                        "other numbers of steps than base (282)."));
}

// An arm without a stage says nothing of its settings, and does not make them differ.
TEST(StudyPage, SetsStagesSideBySide) {
  json all = study({arm("base", 0.7), arm("taught", 0.8), arm("taught more", 0.8)});
  all["cells"][0]["settings"] = {
      {"extract", {{"settings", {{"prompt", "roles"}}}, {"inputs", json::object()}}}};
  const std::string page = jobs::study_page(all, "s.svg", "");
  EXPECT_THAT(page, HasSubstr("| arm | extract | finetune | finetune rank |"));
  EXPECT_THAT(page, HasSubstr("| base | yes | – | – |"));
  EXPECT_THAT(page, HasSubstr("| taught more | – | yes | taught more |"));
  EXPECT_THAT(page, HasSubstr("extract prompt roles, finetune epochs 3."));
}

// Tokens of a step, where none are given, are chosen from the data.
TEST(StudyPage, TellsWhatARunChoseItself) {
  json all = study({arm("few", 0.7), arm("many", 0.8)});
  for (json& cell : all["cells"]) cell["settings"]["finetune"]["settings"]["batch-tokens"] = "0";
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""), HasSubstr("finetune batch-tokens 0, "));
  all["cells"][0]["training"]["batch_tokens"] = 80;
  all["cells"][1]["training"]["batch_tokens"] = 512;
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""),
              HasSubstr("| arm | finetune batch-tokens | finetune rank |\n| --- | --- | --- |\n"
                        "| few | 80 | few |\n| many | 512 | many |\n"));
}

TEST(StudyPage, BreaksLongListsOfLabels) {
  std::string list = "?without=";
  for (int i = 0; i < 20; ++i) list += "Cause-Effect(e1,e2),";
  std::istringstream lines(jobs::wrapped("data " + list + "Other, epochs 2"));
  size_t count = 0;
  for (std::string line; std::getline(lines, line); ++count) EXPECT_LE(line.size(), 140u) << line;
  EXPECT_GT(count, 2u);
  EXPECT_EQ(jobs::wrapped("a,b c(d,e),f"), "a,b c(d,e),f\n") << "words that have a place";
}

// An interval over texts that leaves zero out stands in the table; the other one decides.
TEST(StudyPage, TellsTheIntervalOverSeedsWhereItDecides) {
  const json seeds = {{"deviation", 0.01}, {"low", 0.74}, {"high", 0.86}};
  const json all = study(
      {arm("base", 0.7, seeds),
       differing(arm("a", 0.8, seeds), 0.1, interval(0.05, 0.15), interval(-0.02, 0.2))});
  EXPECT_THAT(jobs::study_page(all, "s.svg", ""),
              HasSubstr("- Whether a (over seeds -2.0 to +20.0) differs from base"));
}

TEST(StudyPage, KeepsWhatIsWrittenByHand) {
  const json all = study({arm("base", 0.7)});
  const std::string empty = jobs::study_page(all, "s.svg", "");
  std::string edited = empty;
  edited.insert(edited.find(jobs::kByHandEnd), "Our view.\n");
  edited += "Lost, as it stands outside.";
  const std::string again = jobs::study_page(all, "s.svg", edited);
  EXPECT_THAT(again, HasSubstr("Our view.\n"));
  EXPECT_THAT(again, Not(HasSubstr("Lost")));
  EXPECT_EQ(jobs::study_page(all, "s.svg", again), again);
}

TEST(StudyChart, DrawsARowForEachArm) {
  const std::string svg = jobs::study_chart(study({arm("base", 0.7), arm("<b> & c", 0.8)}));
  EXPECT_THAT(svg, HasSubstr("&lt;b&gt; &amp; c"));
  EXPECT_THAT(svg, HasSubstr("macro-F1, per cent"));
  EXPECT_THAT(svg, HasSubstr("stroke-dasharray"));
  size_t circles = 0;
  for (size_t at = svg.find("<circle"); at != svg.npos; at = svg.find("<circle", at + 1)) ++circles;
  EXPECT_EQ(circles, 2u);
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

using StudyPageFile = Desk;

TEST_F(StudyPageFile, IsRefusedWithoutFiguresOrOfAnotherForm) {
  const auto refused = [&](const std::string& text, const char* part) {
    const std::string file = write("s.json", text);
    EXPECT_THAT([&] { jobs::write_study_page(file); }, ThrowsMessage<Error>(HasSubstr(part)));
    EXPECT_FALSE(there("s.md"));
  };
  EXPECT_THAT([&] { jobs::write_study_page(path("gone.json")); },
              ThrowsMessage<Error>(HasSubstr("Run the study first")));
  refused(R"({"format_version":1,"cells":[]})", "no figures yet");
  json odd = study({arm("base", 0.7)});
  odd["arms"][0]["figures"]["macro"]["mean"] = "high";
  refused(odd.dump(), "no results file as a study writes it");
  json more = study({arm("base", 0.7)});
  more["plan"].push_back({{"arm", "base"}, {"seed", 2}, {"key", "second"}});
  more["cells"].push_back(more["cells"][0]);
  more["cells"][1]["key"] = "second";
  refused(more.dump(), "cells of the arm 'base' that its figures were not computed from");
  write("s.json", study({arm("base", 0.7)}).dump());
  EXPECT_EQ(jobs::write_study_page(path("s.json")), path("s.md"));
  EXPECT_TRUE(there("s.svg"));
  std::string endless = read("s.md");
  endless.erase(endless.find(jobs::kByHandEnd), std::string(jobs::kByHandEnd).size());
  write("s.md", endless);
  EXPECT_THAT(
      [&] { jobs::write_study_page(path("s.json")); },
      ThrowsMessage<Error>(AllOf(HasSubstr(path("s.md")), HasSubstr("Put that mark back"))));
  EXPECT_EQ(read("s.md"), endless);
}

// What the repository shows is what the command writes of its results.
TEST_F(StudyPageFile, PagesOfOursAreThoseOfTheirResults) {
  namespace fs = std::filesystem;
  int pages = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(RELATUM_EXAMPLES) / "../docs/studies")) {
    if (entry.path().extension() != ".json") continue;
    const std::string name = entry.path().stem().string();
    SCOPED_TRACE("relatum study docs/studies/" + name + ".toml --page");
    fs::path shown = entry.path(), chart = entry.path();
    const std::string page = read_file(shown.replace_extension(".md"));
    write(name + ".json", read_file(entry.path()));
    write(name + ".md", page);  // what was written by hand is kept
    jobs::write_study_page(path(name + ".json"));
    EXPECT_TRUE(read(name + ".md") == page);
    EXPECT_TRUE(read(name + ".svg") == read_file(chart.replace_extension(".svg")));
    ++pages;
  }
  EXPECT_GE(pages, 20);
}

}  // namespace
}  // namespace relatum::testing
