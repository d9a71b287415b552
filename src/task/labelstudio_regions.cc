// Results are put together by their ids before anything is counted.
#include "task/labelstudio_regions.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <unordered_map>
#include <unordered_set>

#include "base/code_points.h"
#include "base/error.h"
#include "base/printable.h"
#include "io/json.h"
#include "task/fields.h"

namespace relatum::task {
namespace {

using nlohmann::json;

std::string shown(std::string_view text) { return printable_start(text, 40); }

std::string kind_of(const json& result) {
  return io::get_string(result, "type", "labels", "a region");
}

/// "labels", "hypertextlabels": the controls that make regions.
bool makes_regions(const std::string& kind) { return kind.ends_with("labels"); }

int64_t place_in(const json& value, const char* key, const std::string& name) {
  const json* given = io::find(value, key);
  if (given && given->is_string()) {
    const std::string text = given->get<std::string>();
    int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc() && end == text.data() + text.size()) return number;
    fail("task.labelstudio",
         fmt::format("{}: '{}' is '{}', a place in a web page: only plain text is read", name, key,
                     shown(text)));
  }
  return io::require_int(value, key, name);
}

/// The names that a result gives its region; those of controls that make none may be anything.
std::vector<std::string> names_in(const json& value, const std::string& kind,
                                  const std::string& name) {
  const json* given = io::find(value, kind);
  if (!given) return {};
  const bool strings = given->is_array() && std::ranges::all_of(*given, [](const json& each) {
                         return each.is_string();
                       });
  if (!strings && !makes_regions(kind)) return {};
  return io::require_strings(value, kind, name);
}

StudioRegion parse_region(const json& result, int64_t line, RowSink& rows) {
  StudioRegion region;
  region.id = id_of(result, "id", "a region");
  const std::string name = fmt::format("region '{}'", shown(region.id));
  const json& value = io::require_object(result, "value", name);
  region.span = {place_in(value, "start", name), place_in(value, "end", name), ""};
  // Of a control that asks for text it is the list of what somebody wrote.
  const json* text = io::find(value, "text");
  if (text && text->is_string()) region.span.text = text->get<std::string>();
  const auto names = names_in(value, kind_of(result), name);
  if (!names.empty()) region.label = names[0];
  if (names.size() > 1) rows.odd("regions with several labels: the first is read", line);
  return region;
}

/// A further result that labels a region.
void add_labels(const StudioRegion& more, StudioRegion& region, int64_t line, RowSink& rows) {
  const QuotedSpan &a = region.span, &b = more.span;
  if (a.start != b.start || a.end != b.end) {
    fail("task.labelstudio",
         fmt::format("region '{}' has two places, from {} to {} and from {} to {}",
                     shown(region.id), a.start, a.end, b.start, b.end));
  }
  if (region.span.text.empty()) region.span.text = more.span.text;
  if (region.label.empty()) region.label = more.label;
  else if (!more.label.empty()) rows.odd("regions with several labels: the first is read", line);
}

/// Line ends stand in what the page quotes as a backslash and an n.
std::string without_line_ends(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text.substr(at, 2) == "\\n") ++at;
    else plain += text[at];
  }
  return plain;
}

bool same_but_line_ends(std::string_view there, std::string_view quoted) {
  return same_words(without_line_ends(there), without_line_ends(quoted));
}

using Tried = std::vector<Counting>;

/// The ways of counting that may fit, the likeliest first.
Tried countings(const std::string& offsets) {
  if (offsets == "code_points") return {Counting::kCodePoints, Counting::kCrlfIsOne};
  if (offsets == "utf16") return {Counting::kUtf16, Counting::kUtf16CrlfIsOne};
  return {Counting::kCodePoints, Counting::kUtf16, Counting::kCrlfIsOne, Counting::kUtf16CrlfIsOne};
}

std::optional<Counting> fitting(std::string_view text, const std::vector<QuotedSpan>& spans,
                                const Tried& tried) {
  for (const Quotes quotes : {same_words, same_but_line_ends}) {
    if (const auto fits = counting_of(text, spans, tried, quotes)) return fits;
  }
  return std::nullopt;
}

std::vector<QuotedSpan> spans_of(const std::vector<StudioRegion>& regions) {
  std::vector<QuotedSpan> spans;
  for (const StudioRegion& region : regions) spans.push_back(region.span);
  return spans;
}

/// Whether UTF-16 units fit as well, and are other places.
bool may_be_utf16(std::string_view text, const std::vector<QuotedSpan>& spans) {
  const CountedPlaces places(text, Counting::kUtf16);
  const bool differ = std::ranges::any_of(spans, [&](const QuotedSpan& span) {
    return places.code_point(span.start) != span.start || places.code_point(span.end) != span.end;
  });
  return differ && fitting(text, spans, {Counting::kUtf16});
}

/// Says what nobody can see in the file.
void tell_counting(Counting counting, const Document& document,
                   const std::vector<QuotedSpan>& spans, RowSink& rows) {
  if (!rows.offsets().empty()) return;
  if (counting != Counting::kCodePoints) {
    rows.odd(
        fmt::format("offsets that fit their regions' texts only as {}", counting_name(counting)),
        document.line);
  } else if (may_be_utf16(document.text, spans)) {
    rows.odd(
        "offsets behind emoji and the like are read as code points, as Label Studio counts; a "
        "SPEC's offsets=utf16 reads them as versions before 1.5 counted, offsets=code_points "
        "silences this",
        document.line);
  }
}

}  // namespace

std::vector<StudioRegion> studio_regions(const std::vector<const json*>& results, int64_t line,
                                         RowSink& rows) {
  std::unordered_set<std::string> labelled;
  for (const json* result : results) {
    if (makes_regions(kind_of(*result))) labelled.insert(id_of(*result, "id", "a region"));
  }
  std::vector<StudioRegion> regions;
  std::unordered_map<std::string, size_t> known;
  for (const json* result : results) {
    const bool labels = makes_regions(kind_of(*result));
    const std::string id = id_of(*result, "id", "a region");
    const auto at = known.find(id);
    if (!id.empty() && !labels && (at != known.end() || labelled.contains(id))) {
      rows.odd("answers about regions, such as choices and notes, are passed over", line);
      continue;
    }
    StudioRegion region = parse_region(*result, line, rows);
    if (!id.empty() && at != known.end()) {
      add_labels(region, regions[at->second], line, rows);
      continue;
    }
    known.emplace(id, regions.size());
    regions.push_back(std::move(region));
  }
  return regions;
}

std::string studio_text(const json& data, const std::vector<StudioRegion>& regions,
                        const std::string& place) {
  if (const json* text = io::find(data, "text"); text && text->is_string()) {
    return text->get<std::string>();
  }
  std::vector<std::string> texts, fit;
  for (const auto& [key, value] : data.items()) {
    if (value.is_string()) texts.push_back(value.get<std::string>());
  }
  if (texts.size() == 1) return texts[0];
  const std::vector<QuotedSpan> spans = spans_of(regions);
  const auto quotes = [](const QuotedSpan& span) { return !span.text.empty(); };
  if (std::ranges::any_of(spans, quotes)) {
    std::ranges::copy_if(texts, std::back_inserter(fit), [&](const std::string& text) {
      return fitting(text, spans, countings("")).has_value();
    });
  }
  if (fit.size() == 1) return fit[0];
  fail("task.labelstudio",
       fmt::format("{}: 'data' has no 'text' and {} other texts: which one is annotated does not "
                   "show",
                   place, texts.size()));
}

void place_studio_regions(const std::vector<StudioRegion>& regions, Document& document,
                          RowSink& rows) {
  const std::vector<QuotedSpan> spans = spans_of(regions);
  const Tried tried = countings(rows.offsets());
  const auto fits = fitting(document.text, spans, tried);
  const Counting counting = fits.value_or(tried[0]);
  if (fits) tell_counting(counting, document, spans, rows);
  const CountedPlaces places(document.text, counting);
  const CodePoints points(document.text);
  for (const StudioRegion& region : regions) {
    const auto start = places.code_point(region.span.start),
               end = places.code_point(region.span.end);
    const std::string what = fmt::format("region '{}' from {} to {} ({})", shown(region.id),
                                         region.span.start, region.span.end,
                                         counting_name(counting));
    if (!start || !end || *start > *end) {
      fail("task.labelstudio",
           fmt::format("{} is no stretch of the text, which has {}", what, places.length()));
    }
    const std::string_view there = points.slice(*start, *end);
    if (!fits && !region.span.text.empty() && !same_but_line_ends(there, region.span.text)) {
      fail("task.labelstudio", fmt::format("{} is '{}' in the text, and the file says '{}'", what,
                                           shown(there), shown(region.span.text)));
    }
    document.entities.push_back({region.id, {*start, *end, region.label}});
  }
}

}  // namespace relatum::task
