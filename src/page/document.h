// A page in the making: its sections, its data, and the frame around them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace relatum::page {

/// One part of a page, with a heading and a line of the contents.
struct Section {
  std::string id, title;  ///< title: plain text
  std::string body;       ///< HTML
};

struct Document {
  std::string title;              ///< plain text
  std::string head;               ///< HTML above the contents
  std::vector<Section> sections;  ///< those without a body are left out
  std::string data;               ///< JSON for programs and drawings
};

/// The whole page: one file that asks for nothing else. Its policy lets the scripts that the build
/// embedded run and no other, and lets nothing be fetched.
std::string html_of(const Document& document);

/// A table with what it is about and a box that scrolls where the screen is narrow. `rows`: <tr>s
/// of the head and the body; `kinds`: classes, "sortable" among them.
std::string table(std::string_view caption, std::string_view head, std::string_view body,
                  std::string_view kinds = "");
/// A drawing (charts/charts.js has its name) with the table that says the same folded below it;
/// where there are no drawings, the table alone.
std::string chart(std::string_view name, std::string_view title, std::string_view table,
                  std::string_view argument = "");
/// "test.jsonl?limit=9" of "jsonl:some/folder/test.jsonl?limit=9": a heading for data.
std::string data_title(std::string_view spec);
/// What can be folded: `summary` and `body` are HTML; `attributes` are those of <details>, as
/// "open".
std::string folded(std::string_view summary, std::string_view body,
                   std::string_view attributes = "");
/// A paragraph that explains, of HTML.
std::string note(std::string_view html);
/// Sentences that stand out above the contents, of plain text.
std::string warnings_box(const std::vector<std::string>& sentences);
/// A headline figure, of plain text; `kind`: a class, "first" for the widest.
std::string tile(std::string_view value, std::string_view name, std::string_view more = "",
                 std::string_view kind = "");
/// "first", "second" … within <th> of a head; the first and those that begin with '<' are of text,
/// the others of numbers.
std::string head_row(const std::vector<std::string>& names);
std::string number_cell(std::string_view value);
/// A fraction in per cent with a bar behind it; `kind`: a class, "wrong" for shares of mistakes.
std::string bar_cell(double fraction, std::string_view kind = "");
std::string percent(double fraction);
/// "(84.12 to 86.30)" of fractions.
std::string between(double low, double high);

}  // namespace relatum::page
