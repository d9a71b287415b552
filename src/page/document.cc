// Puts a page's parts into the template, and says in a policy which scripts may run.
#include "page/document.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/error.h"
#include "io/html_frame.h"
#include "page/assets.h"
#include "page/html_text.h"

namespace relatum::page {
namespace {

std::string script_element(std::string_view script) {
  return script.empty() ? "" : fmt::format("<script>{}</script>\n", script);
}

std::string start(const std::string& title) {
  std::vector<std::string_view> scripts = {page_script()};
  if (has_charts()) scripts.push_back(chart_script());
  return io::page_start("Relatum: " + title, page_style(), scripts);
}

std::string contents(const Document& document) {
  std::string out;
  for (const Section& section : document.sections) {
    if (section.body.empty()) continue;
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", section.id, escape_html(section.title));
  }
  return out;
}

std::string body(const Document& document) {
  std::string out;
  for (const Section& section : document.sections) {
    if (section.body.empty()) continue;
    out += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 id=\"{0}-title\">"
        "{1}</h2>\n{2}</section>\n",
        section.id, escape_html(section.title), section.body);
  }
  return out;
}

}  // namespace

std::string html_of(const Document& document) {
  std::string html;
  const auto part = [&](std::string_view name) -> std::string {
    if (name == "start") return start(escape_start(document.title, 200));
    if (name == "title") return escape_start(document.title, 200);
    if (name == "head") return document.head;
    if (name == "contents") return contents(document);
    if (name == "body") return body(document);
    if (name == "data") return io::escape_script(document.data);
    RELATUM_CHECK(name == "scripts");
    return script_element(page_script()) + script_element(chart_script());
  };
  io::fill_frame(
      page_template(), [&](std::string_view text) { html += text; },
      [&](std::string_view name) { html += part(name); });
  return html;
}

std::string table(std::string_view caption, std::string_view head, std::string_view body,
                  std::string_view kinds) {
  return fmt::format(
      "<div class=\"scroll\"><table class=\"{}\"><caption>{}</caption>\n"
      "<thead>{}</thead>\n<tbody>\n{}</tbody></table></div>\n",
      kinds, escape_html(caption), head, body);
}

std::string chart(std::string_view name, std::string_view title, std::string_view table,
                  std::string_view argument) {
  if (!has_charts()) return std::string(table);
  return fmt::format(
             "<figure class=\"chart\" data-chart=\"{}\" data-argument=\"{}\" "
             "data-title=\"{}\"></figure>\n",
             name, escape_html(argument), escape_html(title)) +
         folded("The same as a table", table);
}

std::string data_title(std::string_view spec) {
  // Behind the question mark a label may have slashes, too.
  const size_t parts = std::min(spec.rfind('?'), spec.size());
  const std::string_view named = spec.substr(0, parts);
  const std::string_view path = named.substr(0, named.find_last_not_of('/') + 1);
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return std::string(spec);
  return fmt::format("{}{}", path.substr(slash + 1), spec.substr(parts));
}

std::string folded(std::string_view summary, std::string_view body, std::string_view attributes) {
  return fmt::format("<details {}><summary>{}</summary>\n{}</details>\n", attributes, summary,
                     body);
}

std::string note(std::string_view html) { return fmt::format("<p class=\"soft\">{}</p>\n", html); }

std::string warnings_box(const std::vector<std::string>& sentences) {
  if (sentences.empty()) return "";
  std::string out = "<div class=\"notes\" role=\"note\">\n";
  for (const std::string& each : sentences) {
    out += fmt::format("<p>{}</p>\n", escape_start(each, 600));
  }
  return out + "</div>\n";
}

std::string tile(std::string_view value, std::string_view name, std::string_view more,
                 std::string_view kind) {
  return fmt::format("<div class=\"tile {}\"><b>{}</b><span>{}</span>{}</div>\n", kind,
                     escape_html(value), escape_html(name),
                     more.empty() ? "" : fmt::format("<span>{}</span>", escape_html(more)));
}

std::string head_row(const std::vector<std::string>& names) {
  std::string row = "<tr>";
  for (size_t i = 0; i < names.size(); ++i) {
    const bool words = i == 0 || names[i].starts_with('<');
    row += fmt::format("<th scope=\"col\"{}>{}</th>", words ? " class=\"words\"" : "",
                       escape_html(names[i].substr(names[i].starts_with('<') ? 1 : 0)));
  }
  return row + "</tr>";
}

std::string number_cell(std::string_view value) {
  return fmt::format("<td>{}</td>", escape_html(value));
}

std::string percent(double fraction) { return fmt::format("{:.2f}", 100 * fraction); }

std::string bar_cell(double fraction, std::string_view kind) {
  return fmt::format("<td class=\"bar {}\" style=\"--share:{:.4f}\">{}</td>", kind,
                     std::clamp(fraction, 0.0, 1.0), percent(fraction));
}

std::string between(double low, double high) {
  return fmt::format("{:.2f} to {:.2f}", 100 * low, 100 * high);
}

}  // namespace relatum::page
