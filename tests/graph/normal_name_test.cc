// Which names are equal, and which are not.
#include "graph/normal_name.h"

#include <gtest/gtest.h>

namespace relatum::graph {
namespace {

TEST(NormalName, MakesFormsOfOneNameEqual) {
  const std::vector<std::pair<std::string, std::string>> equal = {
      {"Acme", "ACME"},
      {"The Acme", "acme"},
      {"a Beacon", "Beacon"},
      {"U.S.", "US"},
      {"O'Neill", "O’Neill"},
      {"Coca-Cola", "Coca Cola"},
      {"AC/DC", "ac dc"},
      {"«Acme», Inc.", "Acme Inc"},
      {"Straße", "STRASSE"},
      {"ﬁne", "FINE"},
      {"Cafe\u0301", "Café"},
      {"Ａｃｍｅ", "Acme"},
      {"New\n  York", "New York"},
      {"\u202bאבג\u202c", "אבג"},
      {"soft\u00adware", "software"},
  };
  for (const auto& [one, other] : equal) EXPECT_EQ(normal_name(one), normal_name(other)) << one;
}

TEST(NormalName, KeepsNamesApartThatDiffer) {
  const std::vector<std::pair<std::string, std::string>> different = {
      {"C", "C++"},   {"C", "C#"},        {"C#", "C++"},        {"Müller", "Muller"},
      {"3.5", "35"},  {"1,000", "1 000"}, {".NET", "net"},      {"AT&T", "AT T"},
      {"!!!", "..."}, {"The", "A"},       {"👩‍🚀", "👩"},
  };
  for (const auto& [one, other] : different) EXPECT_NE(normal_name(one), normal_name(other)) << one;
}

TEST(NormalName, HasTheseForms) {
  EXPECT_EQ(normal_name("The U.S. Steel-Works, Ltd."), "us steel works ltd");
  EXPECT_EQ(normal_name("The"), "the");
  EXPECT_EQ(normal_name("!!!"), "!!!");
  EXPECT_EQ(normal_name("The Acme", {.articles = {}}), "the acme");
  EXPECT_EQ(normal_name("Der Spiegel", {.articles = {"der"}}), "spiegel");
  EXPECT_EQ(without_article("the acme", {}), "acme");
}

TEST(NormalName, IsItsOwnNormalForm) {
  for (const char* name : {"The U.S. Steel-Works, Ltd.", "!!!", "C++ 3.5", ".NET", "'.x", "a.'b"}) {
    EXPECT_EQ(normal_name(normal_name(name)), normal_name(name)) << name;
  }
}

TEST(NormalName, OneLineKeepsAllButWhiteSpace) {
  EXPECT_EQ(one_line("  New\n\t York\u00a0City "), "New York City");
  EXPECT_EQ(one_line(" \n"), "");
}

}  // namespace
}  // namespace relatum::graph
