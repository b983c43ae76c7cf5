type Table = Record<string, Record<string, unknown>>;

const REPORT = { file: "report.pdf" };
const BUDGET = { file: "report.pdf", find: ["budget"] };

export const FILE_PARAPHRASES: Record<"fetchFileContent", Table> = {
  fetchFileContent: {
    "read the file report.pdf and summarise it": REPORT,
    "read the file report.pdf and summarise": REPORT,
    "read report.pdf": REPORT,
    "please read report.pdf and summarize it for me": REPORT,
    "summarise report.pdf": REPORT,
    "summarize the file report.pdf please": REPORT,
    "give me a summary of report.pdf": REPORT,
    "what is in report.pdf?": REPORT,
    "what's in the file report.pdf": REPORT,
    "what does report.pdf say?": REPORT,
    "what does the file report.pdf contain?": REPORT,
    "look at report.pdf": REPORT,
    "look into report.pdf": REPORT,
    "go through report.pdf": REPORT,
    "analyse report.pdf": REPORT,
    "can you open report.pdf?": REPORT,
    "show me report.pdf": REPORT,
    "show me what report.pdf says": REPORT,
    'read the file "Annual report.pdf"': { file: "Annual report.pdf" },
    "read the file notes and sum it up": { file: "notes" },
    "read page 3 of report.pdf": { ...REPORT, pages: "3" },
    "read pages 2-5 of report.pdf": { ...REPORT, pages: "2-5" },
    "show pages 2 to 5 of report.pdf": { ...REPORT, pages: "2-5" },
    'find "budget" in report.pdf': BUDGET,
    "find budget in report.pdf": BUDGET,
    "search report.pdf for budget": BUDGET,
    "search for budget in report.pdf": BUDGET,
    "look for the word budget in report.pdf": BUDGET,
    'where does report.pdf mention "budget"?': BUDGET,
    "where does report.pdf mention budget?": BUDGET,
    "what does report.pdf say about the budget?": { file: "report.pdf", find: ["budget"] },
    "does report.pdf mention budget?": BUDGET,
    "read http://127.0.0.1:3210/api/storage/abc123 please": { file: "http://127.0.0.1:3210/api/storage/abc123" },
    "read https://example.com/secret.txt": { file: "https://example.com/secret.txt" },
  },
};
