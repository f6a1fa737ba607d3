CREATE TABLE adverse_reaction (
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
	antibodies TEXT, 
	allergy TEXT, 
	gravida INTEGER, 
	para INTEGER, 
	report_no TEXT, 
	reported_at TEXT, 
	reporter TEXT, 
	issue_no TEXT, 
	antibody_screen TEXT, 
	premedication TEXT, 
	onset_at TEXT, 
	temperature_before INTEGER, 
	temperature INTEGER, 
	systolic_before INTEGER, 
	diastolic_before INTEGER, 
	systolic INTEGER, 
	diastolic INTEGER, 
	pulse INTEGER, 
	respiration INTEGER, 
	oxygen_saturation INTEGER, 
	symptoms TEXT, 
	findings TEXT, 
	reaction_type TEXT, 
	severity TEXT, 
	imputability TEXT, 
	called_at TEXT, 
	treatment TEXT, 
	investigations TEXT, 
	outcome TEXT, 
	station_informed_at TEXT, 
	leftover_blood TEXT, 
	conclusion TEXT, 
	reviewer TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_adverse_reaction_department ON adverse_reaction (department) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_gone ON adverse_reaction (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_adverse_reaction_id_no ON adverse_reaction (id_no) WHERE id_no IS NOT NULL
--;
CREATE INDEX ix_adverse_reaction_issue_no ON adverse_reaction (issue_no) WHERE issue_no IS NOT NULL
--;
CREATE INDEX ix_adverse_reaction_live ON adverse_reaction (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_medical_record_no ON adverse_reaction (medical_record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_onset_at ON adverse_reaction (onset_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_outcome ON adverse_reaction (outcome) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_patient_abo ON adverse_reaction (patient_abo) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_patient_name ON adverse_reaction (patient_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_patient_rhd ON adverse_reaction (patient_rhd) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_reaction_type ON adverse_reaction (reaction_type) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_report_no ON adverse_reaction (report_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_severity ON adverse_reaction (severity) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_adverse_reaction_sex ON adverse_reaction (sex) WHERE _deleted_at IS NULL
--;
CREATE TABLE alert_reviews (
	seq INTEGER NOT NULL, 
	alert INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (alert)
)
--;
CREATE TABLE alerts (
	seq INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	day TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	moment TEXT NOT NULL, 
	rule TEXT NOT NULL, 
	level TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	bag TEXT NOT NULL, 
	message TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	second TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
--;
CREATE INDEX ix_alerts_counts ON alerts (day, rule, outcome)
--;
CREATE INDEX ix_alerts_exceptions ON alerts (seq) WHERE outcome = 'overridden'
--;
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
CREATE TABLE autologous_transfusion (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	_collections_n INTEGER NOT NULL, 
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
	record_no TEXT, 
	registered_at TEXT, 
	autologous_type TEXT, 
	consent INTEGER, 
	surgery_name TEXT, 
	surgery_level TEXT, 
	surgery_on TEXT, 
	procedure_at TEXT, 
	diluted_ml INTEGER, 
	haematocrit_before INTEGER, 
	haematocrit_after INTEGER, 
	replacement TEXT, 
	device TEXT, 
	anticoagulant TEXT, 
	salvaged_ml INTEGER, 
	wash_ml INTEGER, 
	contraindication TEXT, 
	contraindication_reason TEXT, 
	reinfused_ml INTEGER, 
	reinfused_units INTEGER, 
	reinfused_at TEXT, 
	not_reinfused TEXT, 
	operator TEXT, 
	physician TEXT, 
	registrar TEXT, 
	reaction_no TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_autologous_transfusion_autologous_type ON autologous_transfusion (autologous_type) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_department ON autologous_transfusion (department) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_gone ON autologous_transfusion (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_autologous_transfusion_id_no ON autologous_transfusion (id_no) WHERE id_no IS NOT NULL
--;
CREATE INDEX ix_autologous_transfusion_live ON autologous_transfusion (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_medical_record_no ON autologous_transfusion (medical_record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_patient_abo ON autologous_transfusion (patient_abo) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_patient_name ON autologous_transfusion (patient_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_patient_rhd ON autologous_transfusion (patient_rhd) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_reaction_no ON autologous_transfusion (reaction_no) WHERE reaction_no IS NOT NULL
--;
CREATE INDEX ix_autologous_transfusion_record_no ON autologous_transfusion (record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_registered_at ON autologous_transfusion (registered_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_sex ON autologous_transfusion (sex) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_autologous_transfusion_surgery_on ON autologous_transfusion (surgery_on) WHERE _deleted_at IS NULL
--;
CREATE TABLE blood_order (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	_order_lines_n INTEGER NOT NULL, 
	order_no TEXT, 
	order_type TEXT, 
	ordered_at TEXT, 
	planned_at TEXT, 
	supplier TEXT, 
	delivery_mode TEXT, 
	request_no TEXT, 
	orderer TEXT, 
	reviewer TEXT, 
	phone TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_blood_order_gone ON blood_order (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_blood_order_live ON blood_order (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_blood_order_order_no ON blood_order (order_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_blood_order_order_type ON blood_order (order_type) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_blood_order_ordered_at ON blood_order (ordered_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_blood_order_orderer ON blood_order (orderer) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_blood_order_planned_at ON blood_order (planned_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_blood_order_request_no ON blood_order (request_no) WHERE request_no IS NOT NULL
--;
CREATE INDEX ix_blood_order_supplier ON blood_order (supplier) WHERE _deleted_at IS NULL
--;
CREATE TABLE clinical_issue (
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
	issue_no TEXT, 
	issued_at TEXT, 
	needed_at TEXT, 
	request_no TEXT, 
	pickup_type TEXT, 
	pickup_no TEXT, 
	purpose TEXT, 
	urgency TEXT, 
	emergency_reason TEXT, 
	emergency_approver TEXT, 
	sample_no TEXT, 
	sampled_at TEXT, 
	forward_group TEXT, 
	reverse_group TEXT, 
	sample_rhd TEXT, 
	second_abo TEXT, 
	second_rhd TEXT, 
	antibody_screen TEXT, 
	antibodies TEXT, 
	surgery INTEGER, 
	surgery_name TEXT, 
	surgery_level TEXT, 
	disease_group TEXT, 
	issuer TEXT, 
	checker TEXT, 
	collector TEXT, 
	physician TEXT, 
	outcome TEXT, 
	haemoglobin_after INTEGER, 
	platelets_after INTEGER, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_clinical_issue_department ON clinical_issue (department) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_gone ON clinical_issue (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_clinical_issue_id_no ON clinical_issue (id_no) WHERE id_no IS NOT NULL
--;
CREATE INDEX ix_clinical_issue_issue_no ON clinical_issue (issue_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_issued_at ON clinical_issue (issued_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_issuer ON clinical_issue (issuer) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_live ON clinical_issue (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_medical_record_no ON clinical_issue (medical_record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_patient_abo ON clinical_issue (patient_abo) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_patient_name ON clinical_issue (patient_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_patient_rhd ON clinical_issue (patient_rhd) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_request_no ON clinical_issue (request_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_sex ON clinical_issue (sex) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_clinical_issue_urgency ON clinical_issue (urgency) WHERE _deleted_at IS NULL
--;
CREATE TABLE cursors (
	feed TEXT NOT NULL, 
	epoch TEXT, 
	cursor TEXT, 
	as_of TEXT, 
	PRIMARY KEY (feed)
)
--;
CREATE TABLE dispatch_note (
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
	note_no TEXT, 
	supplier TEXT, 
	order_no TEXT, 
	dispatched_at TEXT, 
	carrier TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_dispatch_note_dispatched_at ON dispatch_note (dispatched_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_dispatch_note_gone ON dispatch_note (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_dispatch_note_live ON dispatch_note (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_dispatch_note_note_no ON dispatch_note (note_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_dispatch_note_order_no ON dispatch_note (order_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_dispatch_note_supplier ON dispatch_note (supplier) WHERE _deleted_at IS NULL
--;
CREATE TABLE donor_plan (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	plan_no TEXT, 
	allocator TEXT, 
	allocated_on TEXT, 
	component TEXT, 
	abo TEXT, 
	rhd TEXT, 
	quota INTEGER, 
	valid_until TEXT, 
	donor_name TEXT, 
	donor_id_no TEXT, 
	donation_certificate_no TEXT, 
	donated_on TEXT, 
	donation_type TEXT, 
	beneficiary TEXT, 
	relation TEXT, 
	activated_at TEXT, 
	activated_by TEXT, 
	link_no TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_donor_plan_activated_at ON donor_plan (activated_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_allocated_on ON donor_plan (allocated_on) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_allocator ON donor_plan (allocator) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_component ON donor_plan (component) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_donor_name ON donor_plan (donor_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_gone ON donor_plan (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_donor_plan_link_no ON donor_plan (link_no) WHERE link_no IS NOT NULL
--;
CREATE INDEX ix_donor_plan_live ON donor_plan (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_plan_no ON donor_plan (plan_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_quota ON donor_plan (quota) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_donor_plan_valid_until ON donor_plan (valid_until) WHERE _deleted_at IS NULL
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
CREATE TABLE duties (
	id TEXT NOT NULL, 
	what TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	record_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	opened_at TEXT NOT NULL, 
	opened_by TEXT NOT NULL, 
	due_at TEXT, 
	closed_at TEXT, 
	closed_by TEXT NOT NULL, 
	comment TEXT NOT NULL, 
	PRIMARY KEY (id)
)
--;
CREATE INDEX ix_duties_open ON duties (due_at) WHERE closed_at IS NULL
--;
CREATE INDEX ix_duties_record_id ON duties (record_id)
--;
CREATE TABLE entitlement_review (
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
	_evidence_n INTEGER NOT NULL, 
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
	review_no TEXT, 
	applied_at TEXT, 
	"case" TEXT, 
	notice_no TEXT, 
	notice_doctor TEXT, 
	notice_on TEXT, 
	phone TEXT, 
	donation_place TEXT, 
	donation_count INTEGER, 
	last_donation_on TEXT, 
	donation_type TEXT, 
	donation_certificate_no TEXT, 
	donor_name TEXT, 
	donor_id_type TEXT, 
	donor_id_no TEXT, 
	relation TEXT, 
	employment TEXT, 
	organization TEXT, 
	district TEXT, 
	agreed INTEGER, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_entitlement_review_applied_at ON entitlement_review (applied_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_case ON entitlement_review ("case") WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_department ON entitlement_review (department) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_gone ON entitlement_review (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_entitlement_review_id_no ON entitlement_review (id_no) WHERE id_no IS NOT NULL
--;
CREATE INDEX ix_entitlement_review_live ON entitlement_review (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_medical_record_no ON entitlement_review (medical_record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_patient_abo ON entitlement_review (patient_abo) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_patient_name ON entitlement_review (patient_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_patient_rhd ON entitlement_review (patient_rhd) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_review_no ON entitlement_review (review_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_entitlement_review_sex ON entitlement_review (sex) WHERE _deleted_at IS NULL
--;
CREATE TABLE file_contents (
	sha256 TEXT NOT NULL, 
	media_type TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	content BLOB NOT NULL, 
	added_at TEXT NOT NULL, 
	PRIMARY KEY (sha256)
)
--;
CREATE TABLE file_sent (
	sha256 TEXT NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (sha256)
)
--;
CREATE TABLE file_wanted (
	sha256 TEXT NOT NULL, 
	size INTEGER NOT NULL, 
	since TEXT NOT NULL, 
	asked TEXT, 
	next_at TEXT, 
	trouble TEXT NOT NULL, 
	PRIMARY KEY (sha256)
)
--;
CREATE TABLE immunohaematology_request (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	_specimens_n INTEGER NOT NULL, 
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
	antibodies TEXT, 
	allergy TEXT, 
	gravida INTEGER, 
	para INTEGER, 
	request_no TEXT, 
	requested_at TEXT, 
	test_urgency TEXT, 
	tests TEXT, 
	referral_reason TEXT, 
	ethnicity TEXT, 
	last_transfusion_on TEXT, 
	transplant TEXT, 
	drugs TEXT, 
	forward_group TEXT, 
	reverse_group TEXT, 
	own_rhd TEXT, 
	own_antibody_screen TEXT, 
	own_crossmatch TEXT, 
	own_dat TEXT, 
	own_remark TEXT, 
	planned_component TEXT, 
	planned_amount INTEGER, 
	planned_at TEXT, 
	contact TEXT, 
	phone TEXT, 
	sent_by TEXT, 
	sent_at TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_immunohaematology_request_department ON immunohaematology_request (department) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_gone ON immunohaematology_request (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_immunohaematology_request_id_no ON immunohaematology_request (id_no) WHERE id_no IS NOT NULL
--;
CREATE INDEX ix_immunohaematology_request_live ON immunohaematology_request (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_medical_record_no ON immunohaematology_request (medical_record_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_patient_abo ON immunohaematology_request (patient_abo) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_patient_name ON immunohaematology_request (patient_name) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_patient_rhd ON immunohaematology_request (patient_rhd) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_referral_reason ON immunohaematology_request (referral_reason) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_request_no ON immunohaematology_request (request_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_requested_at ON immunohaematology_request (requested_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_sex ON immunohaematology_request (sex) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_immunohaematology_request_test_urgency ON immunohaematology_request (test_urgency) WHERE _deleted_at IS NULL
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
CREATE TABLE near_miss (
	_seq INTEGER NOT NULL, 
	_id TEXT NOT NULL, 
	_revision INTEGER NOT NULL, 
	_created_at TEXT NOT NULL, 
	_created_by TEXT NOT NULL, 
	_changed_at TEXT NOT NULL, 
	_changed_by TEXT NOT NULL, 
	_deleted_at TEXT, 
	_search TEXT NOT NULL, 
	report_no TEXT, 
	found_at TEXT, 
	stage TEXT, 
	bag TEXT, 
	harm TEXT, 
	alert_no INTEGER, 
	rule TEXT, 
	message TEXT, 
	happened TEXT, 
	cause TEXT, 
	action TEXT, 
	status TEXT, 
	conclusion TEXT, 
	reporter TEXT, 
	reported_at TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_near_miss_bag ON near_miss (bag) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_cause ON near_miss (cause) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_found_at ON near_miss (found_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_gone ON near_miss (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_near_miss_harm ON near_miss (harm) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_live ON near_miss (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_report_no ON near_miss (report_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_reporter ON near_miss (reporter) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_stage ON near_miss (stage) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_near_miss_status ON near_miss (status) WHERE _deleted_at IS NULL
--;
CREATE TABLE other_stock_out (
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
	out_no TEXT, 
	out_type TEXT, 
	out_at TEXT, 
	to_hospital TEXT, 
	reason TEXT, 
	reason_text TEXT, 
	liability TEXT, 
	applicant TEXT, 
	approver TEXT, 
	witness TEXT, 
	waste_handover_no TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_other_stock_out_applicant ON other_stock_out (applicant) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_other_stock_out_approver ON other_stock_out (approver) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_other_stock_out_gone ON other_stock_out (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_other_stock_out_live ON other_stock_out (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_other_stock_out_out_at ON other_stock_out (out_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_other_stock_out_out_no ON other_stock_out (out_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_other_stock_out_out_type ON other_stock_out (out_type) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_other_stock_out_reason ON other_stock_out (reason) WHERE _deleted_at IS NULL
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
CREATE TABLE patient_merges (
	seq INTEGER NOT NULL, 
	one TEXT NOT NULL, 
	other TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	PRIMARY KEY (seq)
)
--;
CREATE INDEX ix_patient_merges_one ON patient_merges (one)
--;
CREATE INDEX ix_patient_merges_other ON patient_merges (other)
--;
CREATE TABLE persons (
	id TEXT NOT NULL, 
	login TEXT NOT NULL, 
	name TEXT NOT NULL, 
	roles TEXT NOT NULL, 
	verifier TEXT NOT NULL, 
	own_password INTEGER NOT NULL, 
	disabled_at TEXT, 
	created_at TEXT NOT NULL, 
	changed_at TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (login)
)
--;
CREATE TABLE platform_copies (
	record_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	deleted INTEGER NOT NULL, 
	body TEXT, 
	answer TEXT NOT NULL, 
	answer_no INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (record_id)
)
--;
CREATE TABLE recall_notice (
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
	recall_no TEXT, 
	supplier TEXT, 
	recalled_at TEXT, 
	reason TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_id)
)
--;
CREATE INDEX ix_recall_notice_gone ON recall_notice (_deleted_at) WHERE _deleted_at IS NOT NULL
--;
CREATE INDEX ix_recall_notice_live ON recall_notice (_seq) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_recall_notice_recall_no ON recall_notice (recall_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_recall_notice_recalled_at ON recall_notice (recalled_at) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_recall_notice_supplier ON recall_notice (supplier) WHERE _deleted_at IS NULL
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
CREATE TABLE sign_in_failures (
	"key" TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	last_at TEXT NOT NULL, 
	until TEXT, 
	PRIMARY KEY ("key")
)
--;
CREATE TABLE site_switches (
	seq INTEGER NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	PRIMARY KEY (seq)
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
	holder TEXT NOT NULL, 
	held_until TEXT NOT NULL, 
	received_at TEXT NOT NULL, 
	received_by_record TEXT NOT NULL, 
	received_as TEXT NOT NULL, 
	antigens_positive TEXT NOT NULL, 
	antigens_negative TEXT NOT NULL, 
	attributes TEXT NOT NULL, 
	restricted_to TEXT NOT NULL, 
	PRIMARY KEY (donation_number, product_code, split)
)
--;
CREATE INDEX ix_stock_expiry ON stock (state, expires_at)
--;
CREATE INDEX ix_stock_groups ON stock (state, component, abo, rhd, expires_at, amount)
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
	reverses TEXT, 
	reversal_reason TEXT, 
	receiver TEXT, 
	checker TEXT, 
	solo_duty INTEGER, 
	deliverer TEXT, 
	transport_temperature INTEGER, 
	frozen_temperature INTEGER, 
	deep_frozen_temperature INTEGER, 
	platelet_temperature INTEGER, 
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
CREATE INDEX ix_stock_in_reverses ON stock_in (reverses) WHERE reverses IS NOT NULL
--;
CREATE INDEX ix_stock_in_station_issue_no ON stock_in (station_issue_no) WHERE _deleted_at IS NULL
--;
CREATE INDEX ix_stock_in_supplier ON stock_in (supplier) WHERE _deleted_at IS NULL
--;
CREATE TABLE stock_levels (
	component TEXT NOT NULL, 
	abo TEXT NOT NULL, 
	rhd TEXT NOT NULL, 
	least INTEGER NOT NULL, 
	PRIMARY KEY (component, abo, rhd)
)
--;
CREATE TABLE table_changes (
	seq INTEGER NOT NULL, 
	table_name TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	act TEXT NOT NULL, 
	body TEXT NOT NULL, 
	reverts INTEGER, 
	reason TEXT NOT NULL, 
	at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	PRIMARY KEY (seq), 
	UNIQUE (reverts)
)
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
	antibodies TEXT, 
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
	consent_exemption TEXT, 
	consent_exempted_by TEXT, 
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
CREATE INDEX ix_transfusion_request_id_no ON transfusion_request (id_no) WHERE id_no IS NOT NULL
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
CREATE TABLE adverse_reaction__bags (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	donation_number TEXT, 
	product_code TEXT, 
	split TEXT, 
	component TEXT, 
	abo TEXT, 
	rhd TEXT, 
	given_ml INTEGER, 
	started_at TEXT, 
	ended_at TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES adverse_reaction (_seq)
)
--;
CREATE INDEX ix_adverse_reaction__bags_bag ON adverse_reaction__bags (donation_number)
--;
CREATE TABLE autologous_transfusion__collections (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	bag_no TEXT, 
	collected_at TEXT, 
	volume INTEGER, 
	haemoglobin INTEGER, 
	anticoagulant TEXT, 
	expires_at TEXT, 
	location TEXT, 
	collector TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES autologous_transfusion (_seq)
)
--;
CREATE TABLE blood_order__order_lines (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	component TEXT, 
	abo TEXT, 
	rhd TEXT, 
	amount INTEGER, 
	specification TEXT, 
	processing TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES blood_order (_seq)
)
--;
CREATE TABLE clinical_issue__bags (
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
	crossmatch_result TEXT, 
	crossmatch_method TEXT, 
	major_side TEXT, 
	minor_side TEXT, 
	crossmatched_by TEXT, 
	crossmatch_reviewer TEXT, 
	crossmatched_at TEXT, 
	inspected INTEGER, 
	visual_defects TEXT, 
	started_at TEXT, 
	ended_at TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES clinical_issue (_seq)
)
--;
CREATE INDEX ix_clinical_issue__bags_bag ON clinical_issue__bags (donation_number)
--;
CREATE TABLE dispatch_note__bags (
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
	expires_at TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES dispatch_note (_seq)
)
--;
CREATE INDEX ix_dispatch_note__bags_bag ON dispatch_note__bags (donation_number)
--;
CREATE TABLE draft_files (
	draft_id TEXT NOT NULL, 
	sha256 TEXT NOT NULL, 
	content BLOB NOT NULL, 
	PRIMARY KEY (draft_id, sha256), 
	FOREIGN KEY(draft_id) REFERENCES drafts (id) ON DELETE CASCADE
)
--;
CREATE INDEX ix_draft_files_sha256 ON draft_files (sha256)
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
CREATE TABLE entitlement_review__components (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	component TEXT, 
	amount INTEGER, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES entitlement_review (_seq)
)
--;
CREATE TABLE entitlement_review__evidence (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	evidence_kind TEXT, 
	pages INTEGER, 
	files TEXT, 
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES entitlement_review (_seq)
)
--;
CREATE TABLE immunohaematology_request__specimens (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	specimen_type TEXT, 
	barcode TEXT, 
	tubes INTEGER, 
	volume INTEGER, 
	drawn_at TEXT, 
	drawn_by TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES immunohaematology_request (_seq)
)
--;
CREATE TABLE other_stock_out__bags (
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
	remark TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES other_stock_out (_seq)
)
--;
CREATE INDEX ix_other_stock_out__bags_bag ON other_stock_out__bags (donation_number)
--;
CREATE TABLE recall_notice__bags (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	donation_number TEXT, 
	product_code TEXT, 
	split TEXT, 
	component TEXT, 
	abo TEXT, 
	rhd TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES recall_notice (_seq)
)
--;
CREATE INDEX ix_recall_notice__bags_bag ON recall_notice__bags (donation_number)
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
	antigens_positive TEXT, 
	antigens_negative TEXT, 
	attributes TEXT, 
	restricted_to TEXT, 
	location TEXT, 
	arrival_defects TEXT, 
	regroup_abo TEXT, 
	regroup_rhd TEXT, 
	PRIMARY KEY (_seq), 
	UNIQUE (_head, _position), 
	FOREIGN KEY(_head) REFERENCES stock_in (_seq)
)
--;
CREATE INDEX ix_stock_in__bags_bag ON stock_in__bags (donation_number)
--;
CREATE TABLE transfusion_request__approvals (
	_seq INTEGER NOT NULL, 
	_head INTEGER NOT NULL, 
	_position INTEGER NOT NULL, 
	role TEXT, 
	name TEXT, 
	grade TEXT, 
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
CREATE VIRTUAL TABLE search_blood_order USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_entitlement_review USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_dispatch_note USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_stock_in USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_transfusion_request USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_clinical_issue USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_other_stock_out USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_donor_plan USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_adverse_reaction USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_autologous_transfusion USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_immunohaematology_request USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_recall_notice USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
--;
CREATE VIRTUAL TABLE search_near_miss USING fts5(grams, content='', contentless_delete=1, detail=none, tokenize='ascii')
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
CREATE TRIGGER patient_merges_no_update BEFORE UPDATE ON patient_merges BEGIN SELECT RAISE(ABORT, 'patient_merges is append-only'); END
--;
CREATE TRIGGER patient_merges_no_delete BEFORE DELETE ON patient_merges BEGIN SELECT RAISE(ABORT, 'patient_merges is append-only'); END
--;
CREATE TRIGGER patient_merges_no_replace BEFORE INSERT ON patient_merges WHEN EXISTS (SELECT 1 FROM patient_merges WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'patient_merges is append-only'); END
--;
CREATE TRIGGER alerts_no_update BEFORE UPDATE ON alerts BEGIN SELECT RAISE(ABORT, 'alerts is append-only'); END
--;
CREATE TRIGGER alerts_no_delete BEFORE DELETE ON alerts BEGIN SELECT RAISE(ABORT, 'alerts is append-only'); END
--;
CREATE TRIGGER alerts_no_replace BEFORE INSERT ON alerts WHEN EXISTS (SELECT 1 FROM alerts WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'alerts is append-only'); END
--;
CREATE TRIGGER alert_reviews_no_update BEFORE UPDATE ON alert_reviews BEGIN SELECT RAISE(ABORT, 'alert_reviews is append-only'); END
--;
CREATE TRIGGER alert_reviews_no_delete BEFORE DELETE ON alert_reviews BEGIN SELECT RAISE(ABORT, 'alert_reviews is append-only'); END
--;
CREATE TRIGGER alert_reviews_no_replace BEFORE INSERT ON alert_reviews WHEN EXISTS (SELECT 1 FROM alert_reviews WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'alert_reviews is append-only'); END
--;
CREATE TRIGGER site_switches_no_update BEFORE UPDATE ON site_switches BEGIN SELECT RAISE(ABORT, 'site_switches is append-only'); END
--;
CREATE TRIGGER site_switches_no_delete BEFORE DELETE ON site_switches BEGIN SELECT RAISE(ABORT, 'site_switches is append-only'); END
--;
CREATE TRIGGER site_switches_no_replace BEFORE INSERT ON site_switches WHEN EXISTS (SELECT 1 FROM site_switches WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'site_switches is append-only'); END
--;
CREATE TRIGGER table_changes_no_update BEFORE UPDATE ON table_changes BEGIN SELECT RAISE(ABORT, 'table_changes is append-only'); END
--;
CREATE TRIGGER table_changes_no_delete BEFORE DELETE ON table_changes BEGIN SELECT RAISE(ABORT, 'table_changes is append-only'); END
--;
CREATE TRIGGER table_changes_no_replace BEFORE INSERT ON table_changes WHEN EXISTS (SELECT 1 FROM table_changes WHERE "seq" = NEW."seq") BEGIN SELECT RAISE(ABORT, 'table_changes is append-only'); END
--;
CREATE TRIGGER duties_no_delete BEFORE DELETE ON duties BEGIN SELECT RAISE(ABORT, 'a duty is closed once and never removed'); END
--;
CREATE TRIGGER duties_no_replace BEFORE INSERT ON duties WHEN EXISTS (SELECT 1 FROM duties WHERE "id" = NEW."id") BEGIN SELECT RAISE(ABORT, 'a duty is closed once and never removed'); END
--;
CREATE TRIGGER duties_close BEFORE UPDATE ON duties WHEN OLD.closed_at IS NOT NULL OR NEW.closed_at IS NULL OR NEW.what IS NOT OLD.what OR NEW.record_id IS NOT OLD.record_id BEGIN SELECT RAISE(ABORT, 'a duty is closed once and never removed'); END
--;
CREATE TRIGGER file_contents_no_update BEFORE UPDATE ON file_contents BEGIN SELECT RAISE(ABORT, 'file_contents is append-only'); END
--;
CREATE TRIGGER file_contents_no_delete BEFORE DELETE ON file_contents BEGIN SELECT RAISE(ABORT, 'file_contents is append-only'); END
--;
CREATE TRIGGER file_contents_no_replace BEFORE INSERT ON file_contents WHEN EXISTS (SELECT 1 FROM file_contents WHERE "sha256" = NEW."sha256") BEGIN SELECT RAISE(ABORT, 'file_contents is append-only'); END
--;
CREATE TRIGGER dispatch_note_no_update BEFORE UPDATE ON dispatch_note BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
--;
CREATE TRIGGER dispatch_note_no_delete BEFORE DELETE ON dispatch_note BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
--;
CREATE TRIGGER dispatch_note_no_replace BEFORE INSERT ON dispatch_note WHEN EXISTS (SELECT 1 FROM dispatch_note WHERE "_seq" = NEW."_seq" OR "_id" = NEW."_id") BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
--;
CREATE TRIGGER dispatch_note__bags_no_update BEFORE UPDATE ON dispatch_note__bags BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
--;
CREATE TRIGGER dispatch_note__bags_no_delete BEFORE DELETE ON dispatch_note__bags BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
--;
CREATE TRIGGER dispatch_note__bags_no_replace BEFORE INSERT ON dispatch_note__bags WHEN EXISTS (SELECT 1 FROM dispatch_note__bags WHERE "_seq" = NEW."_seq") BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
--;
CREATE TRIGGER dispatch_note__bags_complete BEFORE INSERT ON dispatch_note__bags WHEN (SELECT count(*) FROM dispatch_note__bags WHERE _head = NEW._head) >= coalesce((SELECT _bags_n FROM dispatch_note WHERE _seq = NEW._head), 0) BEGIN SELECT RAISE(ABORT, 'dispatch_note is append-only'); END
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
CREATE TRIGGER recall_notice_no_update BEFORE UPDATE ON recall_notice BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER recall_notice_no_delete BEFORE DELETE ON recall_notice BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER recall_notice_no_replace BEFORE INSERT ON recall_notice WHEN EXISTS (SELECT 1 FROM recall_notice WHERE "_seq" = NEW."_seq" OR "_id" = NEW."_id") BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER recall_notice__bags_no_update BEFORE UPDATE ON recall_notice__bags BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER recall_notice__bags_no_delete BEFORE DELETE ON recall_notice__bags BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER recall_notice__bags_no_replace BEFORE INSERT ON recall_notice__bags WHEN EXISTS (SELECT 1 FROM recall_notice__bags WHERE "_seq" = NEW."_seq") BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER recall_notice__bags_complete BEFORE INSERT ON recall_notice__bags WHEN (SELECT count(*) FROM recall_notice__bags WHERE _head = NEW._head) >= coalesce((SELECT _bags_n FROM recall_notice WHERE _seq = NEW._head), 0) BEGIN SELECT RAISE(ABORT, 'recall_notice is append-only'); END
--;
CREATE TRIGGER outbox_frozen BEFORE UPDATE ON outbox WHEN OLD.dseq IS NOT NEW.dseq OR OLD.key IS NOT NEW.key OR OLD.chain IS NOT NEW.chain OR OLD.record_id IS NOT NEW.record_id OR OLD.kind IS NOT NEW.kind OR OLD.name IS NOT NEW.name OR OLD.op IS NOT NEW.op OR OLD.base_version IS NOT NEW.base_version OR OLD.needs IS NOT NEW.needs OR OLD.payload IS NOT NEW.payload OR OLD.sha256 IS NOT NEW.sha256 OR OLD.actor IS NOT NEW.actor OR OLD.occurred_at IS NOT NEW.occurred_at BEGIN SELECT RAISE(ABORT, 'an operation in the outbox is frozen'); END
--;
CREATE TRIGGER outbox_no_delete BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'nothing leaves the outbox'); END
--;
CREATE TRIGGER outbox_no_replace BEFORE INSERT ON outbox WHEN EXISTS (SELECT 1 FROM outbox WHERE "dseq" = NEW."dseq" OR "key" = NEW."key") BEGIN SELECT RAISE(ABORT, 'nothing leaves the outbox'); END
--;
CREATE TRIGGER persons_frozen BEFORE UPDATE ON persons WHEN OLD.id IS NOT NEW.id OR OLD.login IS NOT NEW.login BEGIN SELECT RAISE(ABORT, 'a login belongs to one person for ever'); END
--;
CREATE TRIGGER persons_no_delete BEFORE DELETE ON persons BEGIN SELECT RAISE(ABORT, 'a person is disabled, never deleted'); END
--;
CREATE TRIGGER persons_no_replace BEFORE INSERT ON persons WHEN EXISTS (SELECT 1 FROM persons WHERE "id" = NEW."id" OR "login" = NEW."login") BEGIN SELECT RAISE(ABORT, 'a person is disabled, never deleted'); END
