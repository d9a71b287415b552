// Readable text put together from a page's elements as they begin and end.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::graph {

/// What of an element's attributes decides whether it is read.
struct ElementMarks {
  std::string_view role, classes, id, style;
  bool hidden = false;  ///< `hidden`, or `aria-hidden` that is true
};

/// Told of a page's elements in their order, it holds to the rules of html_text().
class PageText {
 public:
  void start(std::string_view element, const ElementMarks& marks);
  void end(std::string_view element);
  void text(std::string_view utf8);
  /// What was read.
  std::string take();
  size_t depth() const { return depth_; }

 private:
  void part(std::string_view gap);
  void end_line();
  void begin_main();
  void put(std::string_view text);

  std::string out_, main_;
  std::string gap_;          // what parts the next text from the last: "", " ", "\t", "\n", "\n\n"
  size_t depth_ = 0;         // of open elements
  size_t dropped_from_ = 0;  // the depth of the outermost element that is left out; 0: none
  size_t pre_from_ = 0;      // the same of pre
  size_t main_from_ = 0;     // the same of main
  size_t main_start_ = 0;    // where its text begins in out_
};

}  // namespace relatum::graph
