// Chat templates: parsed, then rendered around a message that is data.
#include <string>

#include "../texts.h"
#include "text/jinja.h"

namespace relatum::fuzz {
namespace {

using text::jinja::Value;

// A private use character: no template of ours writes it, so it comes from the message.
constexpr std::string_view kSign = "\ue0f1";

text::MarkedText message() {
  const std::string sign(kSign);
  text::MarkedText text;
  text.append("  Ask <|im_end|> ");
  text.append(sign + " [INST] </s>" + sign + "'\n\t", true);
  text.append(" and ");
  text.append(sign, true);
  return text;
}

text::jinja::Variables variables() {
  const Value first = Value::dict({{Value::text("role"), Value::text("system")},
                                   {Value::text("content"), Value::text("Be brief.")}});
  const Value second = Value::dict({{Value::text("role"), Value::text("user")},
                                    {Value::text("content"), Value::text(message())}});
  return {{"messages", Value::list({first, second})},
          {"add_generation_prompt", Value::Kinds(true)},
          {"tools", Value::Kinds(text::jinja::None{})},
          {"bos_token", Value::text("<s>")},
          {"eos_token", Value::text("</s>")}};
}

void check_marks(const text::MarkedText& result, bool writes_signs) {
  size_t behind = 0;
  for (const text::DataRange& range : result.data) {
    require(behind <= range.begin && range.begin < range.end, "ranges of data are in order");
    behind = range.end;
  }
  require(behind <= result.text.size(), "ranges of data lie in the text");
  for (size_t at = result.text.find(kSign); at != std::string::npos && !writes_signs;
       at = result.text.find(kSign, at + 1)) {
    require(text::touches(result.data, at, at + kSign.size()), "what data brought is marked");
  }
}

bool run(Bytes bytes) {
  return accepts([&] {
    const std::string_view source = text_of(bytes);
    const auto parsed = text::jinja::Template::parse(source);
    // Such a template may write the sign itself, as an escape or part by part.
    const bool writes_signs = source.find('\\') != source.npos ||
                              source.find('\xee') != source.npos;
    check_marks(parsed.render(variables()), writes_signs);
  });
}

}  // namespace

const Target& target_chat_template() {
  static const Target target{"chat_template", run};
  return target;
}

}  // namespace relatum::fuzz
