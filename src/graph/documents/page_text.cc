// Counts open elements instead of keeping a tree: a page may be as deep as it is long.
#include "graph/documents/page_text.h"

#include <algorithm>
#include <span>

#include "base/utf8.h"
#include "graph/text_lines.h"
#include "text/unicode.h"

namespace relatum::graph {
namespace {

using Names = std::span<const std::string_view>;

// Sorted, for binary search.
constexpr std::string_view kDropped[] = {"aside",    "audio",  "button",   "canvas",   "datalist",
                                         "footer",   "head",   "iframe",   "math",     "nav",
                                         "noscript", "object", "option",   "script",   "select",
                                         "style",    "svg",    "template", "textarea", "video"};
constexpr std::string_view kDroppedRoles[] = {"banner",  "complementary", "contentinfo", "menu",
                                              "menubar", "navigation",    "search",      "toolbar"};
constexpr std::string_view kNavigationWords[] = {
    "breadcrumb", "breadcrumbs", "cookie-banner", "cookie-consent", "footer", "menu",
    "nav",        "navbar",      "navigation",    "pagination",     "sidebar"};
constexpr std::string_view kWhole[] = {"article", "body", "html", "main"};
constexpr std::string_view kBlocks[] = {
    "address", "article", "blockquote", "body",    "caption",  "center",     "dd",     "details",
    "dir",     "div",     "dl",         "dt",      "fieldset", "figcaption", "figure", "form",
    "h1",      "h2",      "h3",         "h4",      "h5",       "h6",         "header", "hgroup",
    "hr",      "html",    "legend",     "li",      "listing",  "main",       "menu",   "ol",
    "p",       "pre",     "section",    "summary", "table",    "tbody",      "tfoot",  "thead",
    "title",   "tr",      "ul",         "xmp"};

bool has(Names sorted, std::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), name);
}

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Whether one of the words between blanks is among the names.
bool any_word(std::string_view text, Names sorted) {
  while (!text.empty()) {
    const auto end = std::find_if(text.begin(), text.end(), is_blank) - text.begin();
    if (end > 0 && has(sorted, text.substr(0, size_t(end)))) return true;
    text.remove_prefix(std::min(text.size(), size_t(end) + 1));
  }
  return false;
}

bool hides(std::string_view style) {
  std::string bare;
  for (const char c : style.substr(0, 1000)) {
    if (!is_blank(c)) bare += char(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  }
  return bare.find("display:none") != bare.npos;
}

bool is_dropped(std::string_view element, const ElementMarks& marks) {
  if (has(kDropped, element) || marks.hidden || hides(marks.style)) return true;
  if (any_word(marks.role, kDroppedRoles)) return true;
  return !has(kWhole, element) && marks.role != "main" &&
         (any_word(marks.classes, kNavigationWords) || has(kNavigationWords, marks.id));
}

/// Soft hyphen, blank and joiner without width, word joiner, byte-order mark.
bool is_unseen(char32_t c) { return c == 0xad || c == 0x200b || c == 0x2060 || c == 0xfeff; }

}  // namespace

// The wider gap wins: an empty line, a line's end, a tab, a blank.
void PageText::part(std::string_view gap) {
  const auto width = [](std::string_view each) {
    return each == "\n\n" ? 4 : each == "\n" ? 3 : each == "\t" ? 2 : each == " " ? 1 : 0;
  };
  if (width(gap) > width(gap_)) gap_ = gap;
}

void PageText::end_line() { part(gap_.find('\n') == gap_.npos ? "\n" : "\n\n"); }

void PageText::start(std::string_view element, const ElementMarks& marks) {
  ++depth_;
  if (dropped_from_ > 0) return;
  if (is_dropped(element, marks)) {
    dropped_from_ = depth_;
    // What stood before and behind it does not become one word.
    part(has(kBlocks, element) || !has(kDropped, element) ? "\n\n" : " ");
    return;
  }
  if (has(kBlocks, element)) part("\n\n");
  if (element == "br") end_line();
  if (element == "td" || element == "th") part("\t");
  if (pre_from_ == 0 && (element == "pre" || element == "listing" || element == "xmp")) {
    pre_from_ = depth_;
  }
  if (main_from_ == 0 && (element == "main" || marks.role == "main")) begin_main();
}

void PageText::begin_main() {
  part("\n\n");
  main_from_ = depth_;
  main_start_ = out_.size();
}

void PageText::end(std::string_view element) {
  if (depth_ == 0) return;
  if (dropped_from_ == depth_) dropped_from_ = 0;
  if (pre_from_ == depth_) pre_from_ = 0;
  if (main_from_ == depth_) {
    main_ += main_.empty() || main_start_ == out_.size() ? "" : "\n\n";
    std::string_view own = std::string_view(out_).substr(main_start_);
    while (!own.empty() && is_blank(own.front())) own.remove_prefix(1);
    main_ += own;
    main_from_ = 0;
  }
  --depth_;
  if (dropped_from_ == 0 && has(kBlocks, element)) part("\n\n");
}

void PageText::put(std::string_view text) {
  if (!out_.empty()) out_ += gap_;
  gap_.clear();
  out_ += text;
}

void PageText::text(std::string_view utf8) {
  if (dropped_from_ > 0) return;
  for_code_points(utf8, [&](int32_t code, std::string_view bytes) {
    if (code <= 0) return put("\ufffd");
    const auto c = char32_t(code);
    if (is_unseen(c)) return;
    if (!text::is_white_space(c)) return put(bytes);
    if (pre_from_ == 0) return part(" ");
    if (!is_line_end(c)) return part(c == '\t' ? "\t" : " ");
    end_line();
  });
}

std::string PageText::take() {
  while (depth_ > 0) end("");
  return std::move(main_.empty() ? out_ : main_);
}

}  // namespace relatum::graph
