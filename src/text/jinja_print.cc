// Values as text: Python's str() and repr(), and JSON.
#include <fmt/format.h>
#include <unicode/uchar.h>

#include <cmath>

#include "base/utf8.h"
#include "text/jinja_value.h"

namespace relatum::text::jinja {
namespace {

// Python's shortest form, which tells a float from an integer.
std::string float_text(double number, bool json) {
  if (std::isnan(number)) return json ? "NaN" : "nan";
  if (std::isinf(number)) {
    return std::string(number < 0 ? "-" : "") + (json ? "Infinity" : "inf");
  }
  const std::string text = fmt::format("{}", number);
  return text.find_first_of(".e") == text.npos ? text + ".0" : text;
}

// What stands for a code point within quotes; empty: itself.
using Escape = std::string (*)(char32_t code, char quote);

MarkedText quoted(const MarkedText& from, char quote, Escape escape) {
  MarkedText out;
  out.append({&quote, 1});
  size_t at = 0;
  for_code_points(from.text, [&](int32_t code, std::string_view bytes) {
    const std::string other = code < 0 ? "" : escape(char32_t(code), quote);
    out.append(other.empty() ? bytes : std::string_view(other),
               touches(from.data, at, at + bytes.size()));
    at += bytes.size();
  });
  out.append({&quote, 1});
  return out;
}

std::string short_escape(char32_t code) {
  switch (code) {
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\\': return "\\\\";
    default: return "";
  }
}

std::string json_escape(char32_t code, char) {
  if (code == '"') return "\\\"";
  if (code == '\b') return "\\b";
  if (code == '\f') return "\\f";
  if (const std::string text = short_escape(code); !text.empty()) return text;
  return code < 0x20 ? fmt::format("\\u{:04x}", uint32_t(code)) : "";
}

std::string repr_escape(char32_t code, char quote) {
  if (code == char32_t(quote)) return std::string("\\") + quote;
  if (const std::string text = short_escape(code); !text.empty()) return text;
  if (code == ' ') return "";
  constexpr uint32_t kHidden = U_GC_C_MASK | U_GC_Z_MASK;
  if (!(U_GET_GC_MASK(UChar32(code)) & kHidden)) return "";
  if (code < 0x100) return fmt::format("\\x{:02x}", uint32_t(code));
  if (code < 0x10000) return fmt::format("\\u{:04x}", uint32_t(code));
  return fmt::format("\\U{:08x}", uint32_t(code));
}

MarkedText repr(const Value& value);

MarkedText repr_list(const std::vector<Value>& items) {
  MarkedText out;
  for (const Value& item : items) {
    out.append(out.text.empty() ? "[" : ", ");
    out.append(repr(item));
  }
  out.append(items.empty() ? "[]" : "]");
  return out;
}

MarkedText repr_dict(const Pairs& pairs) {
  MarkedText out;
  for (const auto& [key, value] : pairs) {
    out.append(out.text.empty() ? "{" : ", ");
    out.append(repr(key));
    out.append(": ");
    out.append(repr(value));
  }
  out.append(pairs.empty() ? "{}" : "}");
  return out;
}

MarkedText repr(const Value& value) {
  if (value.undefined()) return {"Undefined", {}};
  const MarkedText* text = value.as_text();
  if (!text) return to_text(value);
  const bool single = text->text.find('\'') != std::string::npos;
  const bool twice = text->text.find('"') != std::string::npos;
  return quoted(*text, single && !twice ? '"' : '\'', repr_escape);
}

/// Writes JSON as Python does.
class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}
  MarkedText take() { return std::move(out_); }

  void write(const Value& value, int64_t level) {
    if (const MarkedText* text = value.as_text()) {
      return out_.append(quoted(*text, '"', json_escape));
    }
    if (value.none()) return out_.append("null");
    if (const auto* flag = value.get_if<bool>()) return out_.append(*flag ? "true" : "false");
    if (const auto* number = value.get_if<int64_t>()) return out_.append(std::to_string(*number));
    if (const auto* number = value.get_if<double>()) return out_.append(float_text(*number, true));
    if (const auto* list = value.as_list()) return write_list(*list, level);
    if (const Pairs* dict = value.as_dict()) return write_dict(*dict, level);
    refuse(0, fmt::format("writes a {} as JSON", value.kind()));
  }

 private:
  void line(int64_t level) {
    if (style_.indent < 0) return;
    out_.append("\n" + std::string(size_t(style_.indent * level), ' '));
  }

  void write_list(const std::vector<Value>& items, int64_t level) {
    out_.append("[");
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0) out_.append(style_.item);
      line(level + 1);
      write(items[i], level + 1);
    }
    if (!items.empty()) line(level);
    out_.append("]");
  }

  void write_dict(const Pairs& pairs, int64_t level) {
    out_.append("{");
    for (size_t i = 0; i < pairs.size(); ++i) {
      if (i > 0) out_.append(style_.item);
      line(level + 1);
      if (!pairs[i].first.as_text()) refuse(0, "writes a dict as JSON whose keys are no texts");
      write(pairs[i].first, level + 1);
      out_.append(style_.key);
      write(pairs[i].second, level + 1);
    }
    if (!pairs.empty()) line(level);
    out_.append("}");
  }

  const JsonStyle& style_;
  MarkedText out_;
};

}  // namespace

MarkedText to_text(const Value& value) {
  if (const MarkedText* text = value.as_text()) return *text;
  if (value.undefined()) return {};
  if (value.none()) return {"None", {}};
  if (const auto* flag = value.get_if<bool>()) return {*flag ? "True" : "False", {}};
  if (const auto* number = value.get_if<int64_t>()) return {std::to_string(*number), {}};
  if (const auto* number = value.get_if<double>()) return {float_text(*number, false), {}};
  if (const auto* list = value.as_list()) return repr_list(*list);
  if (const Pairs* dict = value.as_dict()) return repr_dict(*dict);
  refuse(0, fmt::format("writes a {} as text", value.kind()));
}

MarkedText to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer(style);
  writer.write(value, 0);
  return writer.take();
}

}  // namespace relatum::text::jinja
