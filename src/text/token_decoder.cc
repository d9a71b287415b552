// The decoders' steps.
#include "text/token_decoder.h"

#include <algorithm>
#include <charconv>

#include "base/utf8.h"

namespace relatum::text {
namespace {

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  size_t done = 0;
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, done)) {
    out.append(text.substr(done, at - done)).append(to);
    done = at + from.size();
  }
  return out.append(text.substr(done));
}

/// The byte that "<0xC4>" stands for; -1 for any other token.
int byte_of(std::string_view token) {
  if (token.size() != 6 || !token.starts_with("<0x") || token.back() != '>') return -1;
  int byte = -1;
  const char* end = token.data() + 5;
  const auto read = std::from_chars(token.data() + 3, end, byte, 16);
  return read.ec == std::errc() && read.ptr == end && byte >= 0 ? byte : -1;
}

void append_run(std::string& run, std::vector<std::string>& out) {
  if (run.empty()) return;
  if (utf8_valid(run)) out.push_back(run);
  else out.insert(out.end(), run.size(), "\ufffd");
  run.clear();
}

}  // namespace

std::string decode(const Decoder& decoder, std::span<const std::string_view> tokens) {
  std::vector<std::string> texts(tokens.begin(), tokens.end());
  for (const DecoderStep& step : decoder) step(texts);
  std::string out;
  for (const std::string& text : texts) out += text;
  return utf8_valid(out) ? out : to_valid_utf8(out);
}

DecoderStep replace_in_tokens(std::string from, std::string to) {
  return [from = std::move(from), to = std::move(to)](std::vector<std::string>& tokens) {
    for (std::string& token : tokens) token = replaced(token, from, to);
  };
}

DecoderStep join_bytes() {
  return [](std::vector<std::string>& tokens) {
    std::vector<std::string> out;
    std::string run;
    for (std::string& token : tokens) {
      const int byte = byte_of(token);
      if (byte >= 0) {
        run += char(byte);
        continue;
      }
      append_run(run, out);
      out.push_back(std::move(token));
    }
    append_run(run, out);
    tokens = std::move(out);
  };
}

DecoderStep fuse_tokens() {
  return [](std::vector<std::string>& tokens) {
    std::string all;
    for (const std::string& token : tokens) all += token;
    tokens = {std::move(all)};
  };
}

DecoderStep strip_tokens(std::string content, size_t start, size_t stop) {
  return [content = std::move(content), start, stop](std::vector<std::string>& tokens) {
    for (std::string& token : tokens) {
      std::string_view text = token;
      for (size_t i = 0; i < start && text.starts_with(content); ++i) {
        text.remove_prefix(content.size());
      }
      for (size_t i = 0; i < stop && text.ends_with(content); ++i) {
        text.remove_suffix(content.size());
      }
      token = std::string(text);
    }
  };
}

DecoderStep signs_to_spaces(std::string sign, bool prepended) {
  return [sign = std::move(sign), prepended](std::vector<std::string>& tokens) {
    for (size_t i = 0; i < tokens.size(); ++i) {
      tokens[i] = replaced(tokens[i], sign, i == 0 && prepended ? "" : " ");
    }
  };
}

DecoderStep spaces_between() {
  return [](std::vector<std::string>& tokens) {
    for (size_t i = 1; i < tokens.size(); ++i) tokens[i].insert(tokens[i].begin(), ' ');
  };
}

}  // namespace relatum::text
