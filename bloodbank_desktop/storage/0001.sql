CREATE TABLE audit (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	action TEXT NOT NULL, 
	object TEXT NOT NULL, 
	detail TEXT NOT NULL, 
	previous TEXT NOT NULL, 
	mac TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
--;
CREATE TABLE cursors (
	feed TEXT NOT NULL, 
	epoch TEXT, 
	cursor TEXT, 
	as_of TEXT, 
	PRIMARY KEY (feed)
)
--;
CREATE TABLE drafts (
	id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	head TEXT NOT NULL, 
	texts TEXT NOT NULL, 
	opened_at TEXT NOT NULL, 
	updated_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	PRIMARY KEY (id)
)
--;
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	donation_number TEXT NOT NULL, 
	product_code TEXT NOT NULL, 
	split TEXT NOT NULL, 
	event TEXT NOT NULL, 
	state_before TEXT, 
	state_after TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	line INTEGER NOT NULL, 
	actor TEXT NOT NULL, 
	facts TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
--;
CREATE INDEX ix_ledger_bag ON ledger (donation_number, product_code, split)
--;
CREATE INDEX ix_ledger_record_id ON ledger (record_id)
--;
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
)
--;
CREATE TABLE outbox (
	dseq INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	chain TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	name TEXT NOT NULL, 
	op TEXT NOT NULL, 
	base_version INTEGER, 
	needs TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	sha256 TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	occurred_at TEXT NOT NULL, 
	state TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	item_attempts INTEGER NOT NULL, 
	next_at TEXT, 
	batch_id TEXT, 
	last_error TEXT NOT NULL, 
	problem TEXT, 
	server_version INTEGER, 
	settled_at TEXT, 
	PRIMARY KEY (dseq), 
	UNIQUE ("key")
)
--;
CREATE INDEX ix_outbox_chain ON outbox (chain, dseq)
--;
CREATE INDEX ix_outbox_open ON outbox (dseq, record_id, state) WHERE state NOT IN ('done', 'superseded', 'withdrawn')
--;
CREATE INDEX ix_outbox_record ON outbox (record_id, state)
--;
CREATE TABLE platform_copies (
	record_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	deleted INTEGER NOT NULL, 
	body TEXT, 
	answer TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (record_id)
)
--;
CREATE TABLE revisions (
	seq INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
--;
CREATE INDEX ix_revisions_record_id ON revisions (record_id)
--;
CREATE TABLE serials (
	prefix TEXT NOT NULL, 
	day TEXT NOT NULL, 
	last INTEGER NOT NULL, 
	PRIMARY KEY (prefix, day)
)
--;
CREATE TABLE stock (
	donation_number TEXT NOT NULL, 
	product_code TEXT NOT NULL, 
	split TEXT NOT NULL, 
	state TEXT NOT NULL, 
	component TEXT NOT NULL, 
	abo TEXT NOT NULL, 
	rhd TEXT NOT NULL, 
	amount TEXT NOT NULL, 
	expires_at TEXT NOT NULL, 
	location TEXT NOT NULL, 
	received_at TEXT NOT NULL, 
	received_by_record TEXT NOT NULL, 
	received_as TEXT NOT NULL, 
	PRIMARY KEY (donation_number, product_code, split)
)
--;
CREATE INDEX ix_stock_groups ON stock (state, component, abo, rhd)
--;
CREATE TABLE stock_in (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	_bags_n INTEGER NOT NULL, 
	intake_no TEXT, 
	intake_type TEXT, 
	supplier TEXT, 
	station_issue_no TEXT, 
	intake_at TEXT, 
	receiver TEXT, 
	checker TEXT, 
	deliverer TEXT, 
	transport_temperature INTEGER, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_stock_in_checker ON stock_in (checker) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_gone ON stock_in (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_stock_in_intake_at ON stock_in (intake_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_intake_no ON stock_in (intake_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_intake_type ON stock_in (intake_type) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_live ON stock_in (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_receiver ON stock_in (receiver) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_station_issue_no ON stock_in (station_issue_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_supplier ON stock_in (supplier) WHERE _deleted_at IS NULL
--;
CREATE TABLE transfusion_request (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	_components_n INTEGER NOT NULL, 
	_approvals_n INTEGER NOT NULL, 
	patient_name TEXT, 
	patient_class TEXT, 
	medical_record_no TEXT, 
	sex TEXT, 
	birth_date TEXT, 
	age INTEGER, 
	age_unit TEXT, 
	id_type TEXT, 
	id_no TEXT, 
	department TEXT, 
	ward TEXT, 
	bed TEXT, 
	diagnosis TEXT, 
	patient_abo TEXT, 
	patient_rhd TEXT, 
	transfusion_history TEXT, 
	reaction_history TEXT, 
	allergy TEXT, 
	gravida INTEGER, 
	para INTEGER, 
	request_no TEXT, 
	requested_at TEXT, 
	planned_at TEXT, 
	urgency TEXT, 
	emergency_reason TEXT, 
	purpose TEXT, 
	indication TEXT, 
	blood_source TEXT, 
	processing TEXT, 
	haemoglobin INTEGER, 
	haematocrit INTEGER, 
	platelets INTEGER, 
	pt INTEGER, 
	aptt INTEGER, 
	fibrinogen INTEGER, 
	laboratory_at TEXT, 
	alt TEXT, 
	hbsag TEXT, 
	anti_hbs TEXT, 
	hbeag TEXT, 
	anti_hbe TEXT, 
	anti_hbc TEXT, 
	anti_hcv TEXT, 
	anti_hiv TEXT, 
	syphilis TEXT, 
	consent INTEGER, 
	consent_signer TEXT, 
	consent_on TEXT, 
	surgery INTEGER, 
	surgery_name TEXT, 
	surgery_level TEXT, 
	surgery_on TEXT, 
	autologous_plan INTEGER, 
	sample_no TEXT, 
	sampled_at TEXT, 
	sampled_by TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_transfusion_request_department ON transfusion_request (department) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_gone ON transfusion_request (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_transfusion_request_live ON transfusion_request (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_medical_record_no ON transfusion_request (medical_record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_patient_abo ON transfusion_request (patient_abo) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_patient_name ON transfusion_request (patient_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_patient_rhd ON transfusion_request (patient_rhd) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_planned_at ON transfusion_request (planned_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_request_no ON transfusion_request (request_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_requested_at ON transfusion_request (requested_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_sex ON transfusion_request (sex) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_transfusion_request_urgency ON transfusion_request (urgency) WHERE _deleted_at IS NULL
--;
CREATE TABLE draft_lines (
	id TEXT NOT NULL, 
	draft_id TEXT NOT NULL, 
	lines_key TEXT NOT NULL, 
	position INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	PRIMARY KEY (id), 
	FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE CASCADE
)
--;
CREATE INDEX ix_draft_lines_draft_id ON draft_lines (draft_id)
--;
CREATE TABLE stock_in__bags (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	donation_number TEXT, 
	product_code TEXT, 
	split TEXT, 
	component TEXT, 
	abo TEXT, 
	rhd TEXT, 
	amount INTEGER, 
	collected_at TEXT, 
	expires_at TEXT, 
	label_message TEXT, 
	entry TEXT, 
	scans TEXT, 
	check_character TEXT, 
	second_entry TEXT, 
	location TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES stock_in (_seq)
)
--;
CREATE TABLE transfusion_request__approvals (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	role TEXT, 
	name TEXT, 
	approved_at TEXT, 
	opinion TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES transfusion_request (_seq)
)
--;
CREATE TABLE transfusion_request__components (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	component TEXT, 
	abo TEXT, 
	rhd TEXT, 
	amount INTEGER, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES transfusion_request (_seq)
)
--;
CREATE VIRTUAL TABLE search_stock_in USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_transfusion_request USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END
--;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END
--;
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'ledger is append-only'); END
--;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
--;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
--;
CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit WHEN EXISTS (SELECT 1 FROM audit WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END
--;
CREATE TRIGGER revisions_no_update BEFORE UPDATE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END
--;
CREATE TRIGGER revisions_no_delete BEFORE DELETE ON revisions BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END
--;
CREATE TRIGGER revisions_no_replace BEFORE INSERT ON revisions WHEN EXISTS (SELECT 1 FROM revisions WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'revisions is append-only'); END
--;
CREATE TRIGGER stock_in_no_update BEFORE UPDATE ON stock_in BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER stock_in_no_delete BEFORE DELETE ON stock_in BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER stock_in_no_replace BEFORE INSERT ON stock_in WHEN EXISTS (SELECT 1 FROM stock_in WHERE "_seq" = NEW."_seq" OR "_id" = NEW."_id") BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER stock_in__bags_no_update BEFORE UPDATE ON stock_in__bags BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER stock_in__bags_no_delete BEFORE DELETE ON stock_in__bags BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER stock_in__bags_no_replace BEFORE INSERT ON stock_in__bags WHEN EXISTS (SELECT 1 FROM stock_in__bags WHERE "_seq" = NEW."_seq") BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER stock_in__bags_complete BEFORE INSERT ON stock_in__bags WHEN (SELECT count(*) FROM stock_in__bags WHERE _head = NEW._head) >= coalesce((SELECT _bags_n FROM stock_in WHERE _seq = NEW._head), 0) BEGIN SELECT RAISE(ABORT, 'stock_in is append-only'); END
--;
CREATE TRIGGER outbox_frozen BEFORE UPDATE ON outbox WHEN OLD.dseq IS NOT NEW.dseq OR OLD.key IS NOT NEW.key OR OLD.chain IS NOT NEW.chain OR OLD.record_id IS NOT NEW.record_id OR OLD.kind IS NOT NEW.kind OR OLD.name IS NOT NEW.name OR OLD.op IS NOT NEW.op OR OLD.base_version IS NOT NEW.base_version OR OLD.needs IS NOT NEW.needs OR OLD.payload IS NOT NEW.payload OR OLD.sha256 IS NOT NEW.sha256 OR OLD.actor IS NOT NEW.actor OR OLD.occurred_at IS NOT NEW.occurred_at BEGIN SELECT RAISE(ABORT, 'an operation in the outbox is frozen'); END
--;
CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'nothing leaves the outbox'); END
--;
CREATE TRIGGER outbox_no_replace BEFORE INSERT ON outbox WHEN EXISTS (SELECT 1 FROM outbox WHERE "dseq" = NEW."dseq" OR "key" = NEW."key") BEGIN SELECT RAISE(ABORT, 'nothing leaves the outbox'); END
