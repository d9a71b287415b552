// Cuts a label's name into words and turns its direction into their order.
#include "task/verbalise.h"

#include "text/unicode.h"

namespace relatum::task {
namespace {

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// "cityOf_Birth" → "city Of Birth"; every byte that is no letter, digit or part of UTF-8 parts.
std::string spaced(std::string_view name) {
  std::string words;
  for (size_t i = 0; i < name.size(); ++i) {
    const char c = name[i];
    const bool part = is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') || c < 0;
    const bool camel = is_upper(c) && i > 0 && is_lower(name[i - 1]);
    if ((camel || !part) && !words.empty() && words.back() != ' ') words += ' ';
    if (part) words += c;
  }
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return text::full_lower_case(words);
}

}  // namespace

std::string role_words(std::string_view label) {
  const bool forward = label.ends_with("(e1,e2)"), reversed = label.ends_with("(e2,e1)");
  if (!forward && !reversed) return spaced(label);
  const std::string_view name = label.substr(0, label.size() - 7);
  if (forward) return spaced(name);
  const size_t dash = name.find('-');
  const bool pair = dash != name.npos && name.find('-', dash + 1) == name.npos;
  if (!pair) return spaced(name) + " reversed";
  return spaced(name.substr(dash + 1)) + " " + spaced(name.substr(0, dash));
}

}  // namespace relatum::task
