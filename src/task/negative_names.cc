// Compares letters and digits alone.
#include "task/negative_names.h"

#include <algorithm>
#include <array>
#include <string>

namespace relatum::task {

bool looks_negative(std::string_view label) {
  static constexpr std::array<std::string_view, 30> kNames = {"na",          "nan",
                                                              "nil",         "nota",
                                                              "none",        "noneoftheabove",
                                                              "null",        "no",
                                                              "not",         "nothing",
                                                              "norel",       "norelation",
                                                              "norelations", "norelationship",
                                                              "nonrelation", "nolabel",
                                                              "noedge",      "nolink",
                                                              "o",           "other",
                                                              "others",      "otherrelation",
                                                              "unrelated",   "notrelated",
                                                              "irrelevant",  "neg",
                                                              "negative",    "negativerelation",
                                                              "false",       "background"};
  std::string plain;
  for (const char c : label) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;  // a word of another script
    if (c >= 'A' && c <= 'Z') {
      plain += char(c - 'A' + 'a');
    } else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      plain += c;
    }
  }
  return std::find(kNames.begin(), kNames.end(), plain) != kNames.end();
}

}  // namespace relatum::task
